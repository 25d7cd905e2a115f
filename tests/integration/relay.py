"""A TCP relay on loopback: what stands between rowd and a server when an address moves to another machine."""

import socket
import threading


class Relay:
    """New connections go to `target` as it is by then; those that are open stay where they are."""

    def __init__(self, target):
        self.target = target
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(self.target)
            except OSError:
                client.close()
                continue
            for source, sink in ((client, server), (server, client)):
                threading.Thread(target=self._carry, args=(source, sink), daemon=True).start()

    def passing(self, data):
        """Called before data goes on, in either direction."""

    def _carry(self, source, sink):
        try:
            while data := source.recv(65536):
                self.passing(data)
                sink.sendall(data)
        except OSError:
            pass
        for end in (source, sink):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def close(self):
        self.listener.close()
