"""Prints what is published, as the examples of MQTT tutorials do, with Eclipse Paho: topic, QoS, Retain and message, a line each.

subscriber.py PORT CLIENT_ID TOPIC   leaves "offline" at status/CLIENT_ID when it is killed
"""

import sys

import paho.mqtt.client as mqtt

port, client_id, topic = sys.argv[1:]


def on_connect(client, *_):
    client.subscribe(topic, qos=2)


def on_message(_client, _userdata, message):
    print(message.topic, message.qos, int(message.retain), message.payload.decode(), flush=True)


# Paho 2 wants to be told which signatures the callbacks have; these fit both.
versions = [mqtt.CallbackAPIVersion.VERSION2] if hasattr(mqtt, "CallbackAPIVersion") else []
client = mqtt.Client(*versions, client_id=client_id)
client.will_set(f"status/{client_id}", "offline", qos=1)
client.on_connect = on_connect
client.on_message = on_message
client.connect("127.0.0.1", int(port))
client.loop_forever()
