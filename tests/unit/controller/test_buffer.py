from controller.buffer import ReceiveBuffer


def test_oldest_bytes_go_when_it_is_full() -> None:
    buffer = ReceiveBuffer(4)
    buffer.append(b"abc")
    buffer.append(b"def")
    assert buffer.peek(9) == b"cdef"
    buffer.append(b"0123456789")
    assert buffer.peek(9) == b"6789"
    assert len(buffer) == 4


def test_seek_drops_what_comes_before_the_start() -> None:
    buffer = ReceiveBuffer(16)
    buffer.append(b"noise>frame>")
    assert buffer.seek(b">")
    assert buffer.peek(6) == b">frame"
    assert buffer.seek(b">"), "a start already in front stays"
    assert len(buffer) == 7


def test_seek_without_a_start_drops_everything() -> None:
    buffer = ReceiveBuffer(16)
    buffer.append(b"noise")
    assert not buffer.seek(b">")
    assert len(buffer) == 0


def test_peek_leaves_and_drop_takes() -> None:
    buffer = ReceiveBuffer(16)
    buffer.append(b"abcdef")
    assert buffer.peek(2, 1) == b"bc"
    buffer.drop(4)
    assert buffer.peek(9) == b"ef"
    buffer.clear()
    assert len(buffer) == 0
