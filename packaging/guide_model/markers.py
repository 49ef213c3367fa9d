"""The special tokens of the Guide's conversations, apart from the tokenizer so that the corpus needs no library."""

END_OF_TEXT, TURN_START, TURN_END = "<|endoftext|>", "<|im_start|>", "<|im_end|>"
