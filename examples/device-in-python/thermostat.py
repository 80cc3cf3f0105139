"""A device in Python's standard library that keeps the rules of docs/device.md. It checks no signatures.

Started by: npm run device:conformance -- --unsigned --image ... -- python3 examples/device-in-python/thermostat.py
"""

import hashlib, json, os, re, ssl, sys, threading, time, urllib.error, urllib.request, uuid

from board import Board, Failure, write_durably
from hub_line import HubLine, LineLost, Refused

FOLDER = os.environ["DEVICE_STATE_DIR"]
CA_FILE = os.environ["DEVICE_CA_FILE"]
CONNECTION_STRING = os.environ["IOTHUB_DEVICE_CONNECTION_STRING"]
HEALTH_SECONDS = int(os.environ.get("DEVICE_HEALTH_MS", "60000")) / 1000
ANSWER_SECONDS = int(os.environ.get("DEVICE_TWIN_TIMEOUT_MS", "30000")) / 1000
RETRY_SECONDS = int(os.environ.get("DEVICE_RETRY_MS", "60000")) / 1000
TOKEN_SECONDS = int(os.environ.get("DEVICE_TOKEN_SECONDS", "3600"))
REFUSED_SECONDS, DOWNLOAD_SECONDS, DOWNLOADS = 30, 5, 5
LATCHES_KEPT = 64
VERSION = re.compile(r"\d+\.\d+\.\d+")


class NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


class Device:
    def __init__(self):
        self.board = Board(FOLDER, os.environ["DEVICE_FACTORY_IMAGE"])
        self.state_file = os.path.join(FOLDER, "state.json")
        self.state = {"rolloutId": "", "latches": {}, "update": None, "status": "current", "why": "", "start": "", "end": ""}
        if os.path.exists(self.state_file):
            with open(self.state_file, "rb") as file:
                self.state = json.load(file)
        self.health, self.prove_at, self.download, self.waiting = "", None, None, None
        self.line, self.told, self.tell_at, self.section = None, None, 0, None
        self.device_id = re.search(r"DeviceId=([^;]+)", CONNECTION_STRING)[1]

    # What it says

    def block(self):
        state, update = self.state, self.state["update"]
        latch = state["latches"].get(state["rolloutId"], {})
        bucket = int.from_bytes(hashlib.sha256(self.device_id.encode()).digest()[:6], "big") % 1_000_000
        return {
            "currentFwVersion": self.board.version,
            "pendingFwVersion": update["version"] if update and state["status"] != "current" else "",
            "fwUpdateStatus": state["status"],
            "fwUpdateSubstatus": state["why"][:256],
            "lastFwUpdateStartTime": state["start"],
            "lastFwUpdateEndTime": state["end"],
            "rolloutId": state["rolloutId"],
            "outcome": latch.get("outcome", ""),
            "contactedAt": latch.get("contactedAt", 0),
            "fromVersion": latch.get("fromVersion", ""),
            "fwHealth": self.health,
            "errorCode": latch.get("errorCode", ""),
            "bootId": self.boot_id,
            "bucket": bucket,
            "recovered": True if latch.get("recovered") else None,
        }

    def tell(self):
        """Save, then report: the newest only, and not what the hub holds already."""
        self.save()
        block = self.block()
        if self.line is None or block == self.told or time.monotonic() < self.tell_at:
            return
        try:
            self.line.report(block)
            self.told = block
        except Refused:
            self.tell_at = time.monotonic() + REFUSED_SECONDS
        except LineLost as error:
            self.hang_up(error)

    def save(self):
        while len(self.state["latches"]) > LATCHES_KEPT:
            del self.state["latches"][next(iter(self.state["latches"]))]
        write_durably(self.state_file, json.dumps(self.state).encode())

    # What it does

    def boot(self):
        failure = self.board.boot()
        self.boot_id, self.health = str(uuid.uuid4()), "healthy"
        return failure

    def power_on(self):
        failure, update = self.boot(), self.state["update"]
        if update is None:
            self.save()
        elif update["phase"] == "contacted":
            self.state["status"] = "current"
            self.go_on()
        else:
            self.after_boot(failure)

    def hear(self, section):
        """The whole section, again and again; what is known already is compared away."""
        state, update = self.state, self.state["update"]
        asked = section if isinstance(section, dict) else {}
        rollout_id = asked.get("rolloutId")
        if not isinstance(rollout_id, str) or not 0 < len(rollout_id) <= 128:
            if update and update["phase"] == "contacted":
                self.give_up()
                state.update(update=None, status="current", why="nothing is asked for")
                self.tell()
            return
        image = {name: self.short(asked.get(key)) for name, key in (("version", "fwVersion"), ("sha256", "fwPackageCheckValue"))}
        if update:
            is_same = update["rolloutId"] == rollout_id
            if is_same and self.image_of(update) == image:
                return
            if update["phase"] == "proving" and (is_same or image == self.running()):
                self.waiting = section
                return
            self.give_up()
            state["update"] = None
        elif state["rolloutId"] == rollout_id:
            latch = state["latches"].get(rollout_id)
            if latch and latch["outcome"] != "contacted" and self.image_of(latch) == image:
                return
        self.begin(rollout_id, image, asked)

    def begin(self, rollout_id, image, section):
        state = self.state
        latch, now = state["latches"].get(rollout_id), time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        state.update(start=now, end="")
        if latch and self.image_of(latch) != image:
            state["rolloutId"] = rollout_id
            return self.fail("DESIRED_CHANGED", f"{rollout_id} asked for another image before", "error")
        known = latch is not None
        if not known:
            latch = {**image, "outcome": "contacted", "contactedAt": int(time.time()), "fromVersion": self.board.version}
        update = {**image, "rolloutId": rollout_id, "section": section, "phase": "contacted"}
        if image == self.running():
            state.update(rolloutId=rollout_id, status="current", why="")
            state["latches"][rollout_id] = latch
            if not known:
                latch["outcome"] = "ok-already"
            elif latch["outcome"] == "contacted":
                state["update"] = {**update, "phase": "proving"}
                return self.prove()
            elif latch["outcome"] == "failed":
                latch["recovered"] = True
            state["end"] = now
            return self.tell()
        if not known and self.board.is_factory() and self.is_newer(self.board.version, image["version"]):
            latch["outcome"] = "newer"
            state.update(rolloutId=rollout_id, status="current", end=now)
            state["latches"][rollout_id] = latch
            return self.tell()
        state["latches"][rollout_id] = latch
        state["update"] = update
        self.go_on()

    def go_on(self):
        """From contact to the download, also after a power cut. A return tells nothing before its image runs."""
        state, update = self.state, self.state["update"]
        latch, section = state["latches"][update["rolloutId"]], update["section"]
        if latch["outcome"] == "contacted":
            state.update(rolloutId=update["rolloutId"], status="current", why="")
            self.tell()
        if not self.is_valid(section):
            return self.fail("DESIRED_INVALID", "the request cannot be read", "error")
        if update["sha256"] == self.board.sha256:
            return self.fail("VERSION_MISMATCH", f"the image states {self.board.version}", "error")
        if self.board.holds(update["sha256"]):
            return self.apply()
        state["status"] = "downloading"
        self.tell()
        self.download = Download(section)
        self.download.start()

    def apply(self):
        state = self.state
        state["status"] = "applying"
        self.tell()
        self.listen(0)
        if state["update"] is None or state["status"] != "applying":
            return
        state["update"]["phase"] = "applied"
        state["status"] = "rebooting"
        self.save()
        self.board.apply()
        self.tell()
        self.after_boot(self.boot())

    def after_boot(self, failure):
        update = self.state["update"]
        if self.board.sha256 != update["sha256"]:
            if failure is None and update["phase"] == "applied" and self.board.holds(update["sha256"]):
                # The power went before the pointer was switched.
                update["phase"] = "contacted"
                return self.go_on()
            failure = failure or Failure("BOOT_FAILED", "the device came back by itself")
            return self.fail(failure.code, str(failure), "rolledback")
        if self.board.version != update["version"]:
            self.board.confirm()
            return self.fail("VERSION_MISMATCH", f"the image states {self.board.version}", "error")
        update["phase"] = "proving"
        latch = self.state["latches"][update["rolloutId"]]
        return self.succeed() if latch["outcome"] in ("ok", "ok-already") else self.prove()

    def prove(self):
        self.health, self.prove_at = "", time.monotonic() + HEALTH_SECONDS
        self.save()

    def end_of_health_time(self):
        self.prove_at = None
        try:
            self.board.self_test()
            self.succeed()
        except Failure as failure:
            self.board.roll_back()
            self.boot()
            self.fail("HEALTH_FAILED", str(failure), "rolledback")

    def succeed(self):
        self.board.confirm()
        latch = self.state["latches"][self.state["update"]["rolloutId"]]
        if latch["outcome"] == "failed":
            latch["recovered"] = True
        elif latch["outcome"] == "contacted":
            latch["outcome"] = "ok"
        self.finish("current", "")

    def fail(self, code, why, status):
        update = self.state["update"]
        latch = self.state["latches"][update["rolloutId"] if update else self.state["rolloutId"]]
        latch.update(outcome="failed", errorCode=code, recovered=False)
        self.finish(status, why)

    def finish(self, status, why):
        state = self.state
        if state["update"]:
            state["rolloutId"] = state["update"]["rolloutId"]
        state.update(update=None, status=status, why=why, end=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()))
        self.health = "healthy"
        self.tell()
        if self.waiting is not None:
            section, self.waiting = self.waiting, None
            self.hear(section)

    def give_up(self):
        self.download, self.prove_at = None, None

    # The line, and the clock

    def run(self):
        self.power_on()
        retry = 0.25
        while True:
            try:
                self.line = HubLine(CONNECTION_STRING, CA_FILE, ANSWER_SECONDS, TOKEN_SECONDS)
                twin = self.line.read_twin()
                self.told, retry = twin["reported"].get("firmware"), 0.25
                if self.prove_at is None:
                    self.tell()
                self.section = twin["desired"].get("firmware")
                self.hear(self.section)
                while self.line is not None and time.monotonic() < self.line.renew_at:
                    self.listen(0.05)
                    self.work()
                self.hang_up("the token is renewed")
            except (LineLost, Refused, OSError) as error:
                self.hang_up(error)
            until = time.monotonic() + retry
            while time.monotonic() < until:
                time.sleep(0.02)
                self.work()
            retry = min(retry * 2, RETRY_SECONDS)

    def hang_up(self, why):
        """What is under way goes on; what was not told is told on the next line."""
        print(f"off the line: {why}", file=sys.stderr)
        if self.line is not None:
            self.line.close()
        self.line = None

    def listen(self, seconds):
        if self.line is None:
            return
        try:
            self.line.look(seconds)
        except LineLost as error:
            self.hang_up(error)
        while self.line and self.line.desired:
            _, change = self.line.desired.pop(0)
            if "firmware" in change:
                self.section = merged(self.section, change["firmware"])
                self.hear(self.section)

    def work(self):
        if self.prove_at is not None and time.monotonic() > self.prove_at:
            self.end_of_health_time()
        download = self.download
        if download is not None and not download.is_alive():
            self.download = None
            if download.failure:
                self.fail(download.failure.code, str(download.failure), "error")
            else:
                self.board.store(download.image)
                self.apply()
        if self.tell_at and time.monotonic() > self.tell_at:
            self.tell_at = 0
            self.tell()

    # Words

    def running(self):
        return {"version": self.board.version, "sha256": self.board.sha256}

    @staticmethod
    def image_of(thing):
        return {"version": thing["version"], "sha256": thing["sha256"]}

    @staticmethod
    def short(value):
        return value if isinstance(value, str) and len(value) <= 128 else ""

    @staticmethod
    def is_newer(version, than):
        if not VERSION.fullmatch(version) or not VERSION.fullmatch(than):
            return False
        return [int(part) for part in version.split(".")] > [int(part) for part in than.split(".")]

    @staticmethod
    def is_valid(section):
        version, uri = section.get("fwVersion"), section.get("fwPackageURI")
        digest, size = section.get("fwPackageCheckValue"), section.get("fwPackageSize")
        return (
            isinstance(version, str) and VERSION.fullmatch(version) is not None
            and isinstance(uri, str) and uri.startswith("https://")
            and isinstance(digest, str) and re.fullmatch(r"[0-9a-f]{64}", digest) is not None
            and isinstance(size, int) and 0 < size <= 256 * 1024 * 1024
        )


class Download(threading.Thread):
    """Fetches an image whole; what breaks off is begun again."""

    def __init__(self, section):
        super().__init__(daemon=True)
        self.section, self.image, self.failure = section, None, None

    def run(self):
        context = ssl.create_default_context(cafile=CA_FILE)
        opener = urllib.request.build_opener(NoRedirects, urllib.request.HTTPSHandler(context=context))
        codes = {401: "DOWNLOAD_DENIED", 403: "DOWNLOAD_DENIED", 404: "DOWNLOAD_MISSING", 410: "DOWNLOAD_MISSING"}
        for _ in range(DOWNLOADS):
            try:
                with opener.open(self.section["fwPackageURI"], timeout=30) as answer:
                    image = answer.read(self.section["fwPackageSize"] + 1)
                    length = int(answer.headers.get("Content-Length", len(image)))
                if len(image) < length and length == self.section["fwPackageSize"]:
                    raise OSError("it broke off")
                if len(image) != self.section["fwPackageSize"]:
                    self.failure = Failure("SIZE_MISMATCH", f"{len(image)} bytes")
                elif hashlib.sha256(image).hexdigest() != self.section["fwPackageCheckValue"]:
                    self.failure = Failure("DIGEST_MISMATCH", "another digest")
                else:
                    self.image, self.failure = image, None
                return
            except urllib.error.HTTPError as error:
                self.failure = Failure(codes.get(error.code, "DOWNLOAD_FAILED"), f"the store answers {error.code}")
                if error.code < 500:
                    return
            except Exception as error:  # Broken lines come in many kinds.
                self.failure = Failure("DOWNLOAD_FAILED", str(error))
            time.sleep(DOWNLOAD_SECONDS)


def merged(before, patch):
    """RFC 7396."""
    if not isinstance(patch, dict):
        return patch
    result = dict(before) if isinstance(before, dict) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merged(result.get(name), value)
    return result


Device().run()
