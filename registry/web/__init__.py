"""Pages for people: server-rendered, in Chinese, without any outside asset."""
