"""Pure Python: no Qt, no llama_cpp, no network, no threads."""
