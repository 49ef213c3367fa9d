"""The chat page: conversations, the transcript with streamed Markdown, and the composer."""
