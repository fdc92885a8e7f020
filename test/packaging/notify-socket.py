# The socket of a service manager: prints what is said to it, a line a message. Its path is the only argument.
import array
import os
import socket
import sys

receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
receiver.bind(sys.argv[1])
print("bound", flush=True)
while True:
    message, control, _, _ = receiver.recvmsg(4096, socket.CMSG_SPACE(4 * 4))
    print(message.decode().replace("\n", " "), flush=True)
    # systemd-notify waits until its barrier is closed.
    for level, kind, data in control:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            for descriptor in array.array("i", data):
                os.close(descriptor)
