"""The socket that is served on."""

import socket

from forebear.cli.serve import bound
from forebear.settings import Settings


def test_the_socket_says_that_it_is_tcp_so_that_no_answer_waits_for_an_acknowledgement() -> None:
    with bound(Settings(port=0)) as listener:
        assert (listener.type, listener.proto) == (socket.SOCK_STREAM, socket.IPPROTO_TCP)
