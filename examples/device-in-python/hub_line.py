"""A device's line to its hub: MQTT 3.1.1 over TLS by hand, what IoT Hub needs of it and no more."""

import base64, hashlib, hmac, json, select, socket, ssl, time, urllib.parse, uuid


class LineLost(Exception):
    """The connection is of no more use; the next one is a new line."""


class Refused(Exception):
    """The hub has refused a report."""


def token(host, device_id, key, seconds):
    """A shared access signature for that many seconds."""
    resource = urllib.parse.quote(f"{host}/devices/{device_id}", safe="")
    expiry = int(time.time() + seconds)
    digest = hmac.new(base64.b64decode(key), f"{resource}\n{expiry}".encode(), hashlib.sha256).digest()
    signature = urllib.parse.quote(base64.b64encode(digest), safe="")
    return f"SharedAccessSignature sr={resource}&sig={signature}&se={expiry}"


class HubLine:
    """One connection. `desired` holds changes that were not taken yet: (version, whole or changed part, is whole)."""

    def __init__(self, connection_string, ca_file, answer_seconds, token_seconds):
        parts = dict(part.split("=", 1) for part in connection_string.split(";"))
        host, device_id = parts["HostName"], parts["DeviceId"]
        name, _, port = parts.get("GatewayHostName", host).partition(":")
        self.answer_seconds = answer_seconds
        self.renew_at = time.monotonic() + token_seconds * 0.75
        self.ping_at = time.monotonic() + 30
        self.desired, self.answers, self.buffer = [], {}, b""
        context = ssl.create_default_context(cafile=ca_file)
        raw = socket.create_connection((name, int(port or 8883)), timeout=answer_seconds)
        self.socket = context.wrap_socket(raw, server_hostname=name)
        user = f"{host}/{device_id}/?api-version=2021-04-12"
        password = token(host, device_id, parts["SharedAccessKey"], token_seconds)
        texts = b"".join(self._text(text) for text in (device_id, user, password))
        self._send(0x10, self._text("MQTT") + bytes([4, 0xC0, 0, 60]) + texts)
        self._wait(lambda: "connected" in self.answers, "CONNECT")
        if self.answers.pop("connected") != 0:
            raise LineLost("the hub does not take the connection")
        for number, topic in enumerate(("$iothub/twin/res/#", "$iothub/twin/PATCH/properties/desired/#"), 1):
            self._send(0x82, number.to_bytes(2, "big") + self._text(topic) + b"\0")
            self._wait(lambda: "subscribed" in self.answers, "SUBSCRIBE")
            del self.answers["subscribed"]

    def read_twin(self):
        """The whole twin, read behind the subscription; older changes are forgotten."""
        twin = json.loads(self._ask("$iothub/twin/GET/", b" "))
        version = twin["desired"]["$version"]
        self.desired = [change for change in self.desired if change[0] > version]
        return twin

    def report(self, block):
        """Say how the device is; raises Refused when the hub does not take it."""
        self._ask("$iothub/twin/PATCH/properties/reported/", json.dumps({"firmware": block}).encode())

    def look(self, seconds):
        """Take in what comes within that time."""
        if time.monotonic() > self.ping_at:
            self.ping_at = time.monotonic() + 30
            self._send(0xC0, b"")
        if not self.socket.pending() and not select.select([self.socket], [], [], seconds)[0]:
            return
        try:
            chunk = self.socket.recv(65536)
        except OSError as error:
            raise LineLost(str(error)) from error
        if not chunk:
            raise LineLost("the hub hung up")
        self.buffer += chunk
        self._take_packets()

    def close(self):
        self.socket.close()

    def _ask(self, topic, payload):
        rid = str(uuid.uuid4())
        self._send(0x30, self._text(f"{topic}?$rid={rid}") + payload)
        self._wait(lambda: rid in self.answers, topic)
        status, body = self.answers.pop(rid)
        if status >= 400:
            raise Refused(f"{topic}: {status}")
        return body

    def _wait(self, is_there, what):
        until = time.monotonic() + self.answer_seconds
        while not is_there():
            if time.monotonic() > until:
                raise LineLost(f"no answer to {what} in {self.answer_seconds} s")
            self.look(0.05)

    def _send(self, kind, body):
        size, length = len(body), b""
        while True:
            size, digit = divmod(size, 128)
            length += bytes([digit | (0x80 if size else 0)])
            if not size:
                break
        try:
            self.socket.sendall(bytes([kind]) + length + body)
        except OSError as error:
            raise LineLost(str(error)) from error

    @staticmethod
    def _text(text):
        encoded = text.encode()
        return len(encoded).to_bytes(2, "big") + encoded

    def _take_packets(self):
        while True:
            size, at = 0, 1
            while at < len(self.buffer):
                size += (self.buffer[at] & 0x7F) << (7 * (at - 1))
                at += 1
                if not self.buffer[at - 1] & 0x80:
                    break
            else:
                return
            if len(self.buffer) < at + size:
                return
            kind, body, self.buffer = self.buffer[0] >> 4, self.buffer[at : at + size], self.buffer[at + size :]
            if kind == 2:
                self.answers["connected"] = body[1]
            elif kind == 9:
                self.answers["subscribed"] = True
            elif kind == 3:
                self._take_message(body)

    def _take_message(self, body):
        size = int.from_bytes(body[:2], "big")
        url = urllib.parse.urlparse(body[2 : 2 + size].decode())
        query, payload = urllib.parse.parse_qs(url.query), body[2 + size :]
        if url.path.startswith("$iothub/twin/res/"):
            self.answers[query["$rid"][0]] = (int(url.path.split("/")[3]), payload)
        elif url.path.startswith("$iothub/twin/PATCH/properties/desired/"):
            self.desired.append((int(query["$version"][0]), json.loads(payload)))
