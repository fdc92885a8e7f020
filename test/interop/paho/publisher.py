"""Publishes as the examples of MQTT tutorials do, with Eclipse Paho.

publisher.py PORT number COUNT       the numbers from 1 to COUNT, as JSON, to public/number
publisher.py PORT temperature VALUE  to home/temperature, to be kept for whoever subscribes later
"""

import json
import sys

import paho.mqtt.client as mqtt

port, what, value = sys.argv[1:]
# Paho 2 wants to be told which signatures the callbacks have; there are none here.
versions = [mqtt.CallbackAPIVersion.VERSION2] if hasattr(mqtt, "CallbackAPIVersion") else []
client = mqtt.Client(*versions, client_id=f"paho-{what}-publisher")
client.connect("127.0.0.1", int(port))
client.loop_start()
if what == "number":
    for number in range(1, int(value) + 1):
        client.publish("public/number", json.dumps({"number": number}), qos=1).wait_for_publish()
else:
    client.publish("home/temperature", value, qos=1, retain=True).wait_for_publish()
client.disconnect()
client.loop_stop()
