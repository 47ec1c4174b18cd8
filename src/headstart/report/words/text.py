"""What the report in text says beside what the page says too."""

from __future__ import annotations

from headstart.report.words.sentence import Sentence

SENTENCES: dict[str, Sentence] = {
    "text.approaches": Sentence(
        en=(
            "Every approach answered the same {pictures:,} test pictures, which none had seen; best on validation "
            "first. Chance, always answering the class that is most frequent in training, is {chance}. Times that "
            "the test part was opened: {opened:,}."
        ),
        zh=(
            "所有方法回答同样的 {pictures:,} 张测试图片，学习时都没有见过它们；按验证集表现从好到差排列。"
            "随机水平（一律回答训练集中最常见的类别）为 {chance}。测试集共打开过 {opened:,} 次。"
        ),
    ),
    "text.in_english": Sentence(en="", zh="以下文字由程序以英文记录。"),
    "text.fact": Sentence(en="{what}: {value}", zh="{what}:{value}"),
    "text.exploratory": Sentence(
        en="Exploratory pairs, without a correction, that stand in results.json: {count:,}.",
        zh="另有 {count:,} 对探索性比较，未经校正，见 results.json。",
    ),
}
