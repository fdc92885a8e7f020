"""A host that knows the discovery groups and nothing else: what it hears is printed as JSON, a datagram a line.

    group-client.py IPV4-ADDRESS INTERFACE GROUP4 GROUP6|none PORT

A line of input, `4 030100` or `6 030100`, sends these octets to the group of that IP version.
"""

import json
import os
import select
import socket
import struct
import sys

# Linux; not in Python's module.
IP_RECVTTL = 12

address, interface, group4, group6, port = sys.argv[1:6]
port = int(port)
index = socket.if_nametoindex(interface)


def ear4():
    ear = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    ear.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    ear.bind((group4, port))
    ear.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, socket.inet_aton(group4) + socket.inet_aton(address))
    ear.setsockopt(socket.IPPROTO_IP, IP_RECVTTL, 1)
    return ear


def mouth4():
    mouth = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    mouth.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(address))
    mouth.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, 1)
    mouth.setsockopt(socket.IPPROTO_IP, IP_RECVTTL, 1)
    mouth.bind((address, 0))
    return mouth


def ear6():
    ear = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    ear.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    ear.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    ear.bind((group6, port, 0, index))
    ear.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, socket.inet_pton(socket.AF_INET6, group6) + struct.pack("@I", index))
    ear.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVHOPLIMIT, 1)
    return ear


def mouth6():
    mouth = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    mouth.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    mouth.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, index)
    mouth.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVHOPLIMIT, 1)
    mouth.bind(("::", 0))
    return mouth


ears = {ear4(): ("group", 4)}
mouths = {4: (mouth4(), (group4, port))}
if group6 != "none":
    ears[ear6()] = ("group", 6)
    mouths[6] = (mouth6(), (group6, port))
for version, (mouth, _) in mouths.items():
    ears[mouth] = ("asker", version)
own = {mouth.getsockname()[1] for mouth, _ in mouths.values()}
print(json.dumps({"at": "ready"}), flush=True)

while True:
    for ready in select.select([*ears, 0], [], [])[0]:
        if ready == 0:
            line = os.read(0, 4096)
            if not line:
                sys.exit(0)
            for command in line.decode().split("\n"):
                if command:
                    version, octets = command.split()
                    mouth, to = mouths[int(version)]
                    mouth.sendto(bytes.fromhex(octets), to)
            continue
        data, more, _, source = ready.recvmsg(2048, 256)
        if source[1] in own:
            continue
        at, version = ears[ready]
        hops = struct.unpack("@i", more[0][2])[0]
        heard = {"at": at, "version": version, "from": source[0].split("%")[0], "port": source[1], "hops": hops, "octets": data.hex()}
        print(json.dumps(heard), flush=True)
