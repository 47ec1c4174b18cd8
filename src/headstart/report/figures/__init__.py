"""The figures of a page, one small file each: values of a document in, a drawing out.

A drawing is inline SVG whose positions are shares of its width, so that text and strokes keep their size on a phone.
Its message in words is its accessible name; what only repeats a table beside it is hidden from screen readers.
"""
