"""A simulated board: two slots, a boot pointer, and images that are JSON: {"version": ..., "selfTest": ...}."""

import hashlib, json, os

TRIAL_BOOTS = 3


def write_durably(path, content):
    """All of it or nothing, whatever happens to the power."""
    with open(f"{path}.new", "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.rename(f"{path}.new", path)
    folder = os.open(os.path.dirname(path), os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)


class Failure(Exception):
    def __init__(self, code, message):
        super().__init__(message)
        self.code = code


class Board:
    def __init__(self, folder, factory_image):
        self.folder, self.pointer_file = folder, os.path.join(folder, "boot.json")
        if not os.path.exists(self.pointer_file):
            with open(factory_image, "rb") as file:
                image = file.read()
            write_durably(self.slot_file("a"), image)
            self._point({"slot": "a", "trial": None, "factory": hashlib.sha256(image).hexdigest()})
        with open(self.pointer_file, "rb") as file:
            self.pointer = json.load(file)

    def boot(self):
        """Start what the pointer names, or the other slot when that has had its tries; the failure that led there, if any."""
        trial = self.pointer["trial"]
        if trial and trial["boots"] >= TRIAL_BOOTS:
            self._point({**self.pointer, "trial": None})
            self._start(self.pointer["slot"])
            return Failure("BOOT_FAILED", f"not well in {TRIAL_BOOTS} boots")
        if not trial:
            self._start(self.pointer["slot"])
            return None
        # Counted before it starts.
        self._point({**self.pointer, "trial": {**trial, "boots": trial["boots"] + 1}})
        try:
            self._start(trial["slot"])
            self.self_test()
            return None
        except Failure as failure:
            if failure.code == "HUNG" and self.pointer["trial"]["boots"] < TRIAL_BOOTS:
                return self.boot()
            self._point({**self.pointer, "trial": None})
            self._start(self.pointer["slot"])
            return failure

    def self_test(self):
        self.tests += 1
        result = self.image.get("selfTest", "passes")
        if result == "hangs":
            raise Failure("HUNG", "no answer from the image")
        if result == "fails" or (result == "sickens" and self.tests > 1):
            raise Failure("SELF_TEST_FAILED", "the image says that it does not work")

    def store(self, image):
        write_durably(self.slot_file(self._other()), image)

    def holds(self, sha256):
        try:
            with open(self.slot_file(self._other()), "rb") as file:
                return hashlib.sha256(file.read()).hexdigest() == sha256
        except FileNotFoundError:
            return False

    def apply(self):
        self._point({**self.pointer, "slot": self.running, "trial": {"slot": self._other(), "boots": 0}})

    def confirm(self):
        self._point({**self.pointer, "slot": self.running, "trial": None})

    def roll_back(self):
        self._point({**self.pointer, "slot": self._other(), "trial": None})

    def is_factory(self):
        return self.sha256 == self.pointer["factory"]

    def slot_file(self, slot):
        return os.path.join(self.folder, f"slot-{slot}.json")

    def _other(self):
        return "b" if self.running == "a" else "a"

    def _start(self, slot):
        with open(self.slot_file(slot), "rb") as file:
            content = file.read()
        self.running, self.tests = slot, 0
        self.sha256, self.image = hashlib.sha256(content).hexdigest(), json.loads(content)
        self.version = self.image["version"]

    def _point(self, pointer):
        write_durably(self.pointer_file, json.dumps(pointer).encode())
        self.pointer = pointer
