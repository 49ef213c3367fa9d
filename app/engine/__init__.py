"""llama.cpp in this process: no Qt, no queues, no words meant for the window."""
