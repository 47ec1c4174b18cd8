"""The training loop that scratch, fine-tune and pretrain share, in a child process: the parent needs no Keras."""
