"""The server under test, and visitors whose channels are signed by the SDK for Python."""

import json
import os
import queue
import subprocess
import threading
from pathlib import Path

FOLDER = Path(__file__).parent
APPLICATIONS = {entry["key"]: entry for entry in json.loads((FOLDER / "applications.json").read_text())}

# Seconds after which something that was waited for has not come.
LIMIT = 90


class Server:
    """PHP with the extension, on a free port."""

    def __init__(self):
        command = [os.environ["REVERB_PHP"], FOLDER / "server.php"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline())

    def stop(self):
        self.process.terminate()
        self.process.communicate(timeout=LIMIT)


class Visitor:
    """Stock pusher-js in a process of its own (listener.mjs); `sdk` signs what it asks for."""

    def __init__(self, server, sdk, key):
        command = ["node", FOLDER / "listener.mjs", key, str(server.port)]
        self.sdk = sdk
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.heard = queue.Queue()
        threading.Thread(target=self._listen, daemon=True).start()
        self.socket_id = self.expect("connected")[0]

    def subscribe(self, channel, member=None):
        """Subscribes, and returns what the subscription succeeded with."""
        self._say("subscribe", channel)
        if channel.startswith(("private-", "presence-")):
            self.expect("authorize", channel)
            answer = self.sdk.authenticate(channel, self.socket_id, member)
            if "shared_secret" in answer:
                answer["shared_secret"] = answer["shared_secret"].decode()
            self._say("authorized", channel, answer)
        return self.expect("heard", channel, "pusher:subscription_succeeded")[0]

    def sign_in(self, user):
        self._say("sign in")
        self.expect("authenticate")
        self._say("authenticated", self.sdk.authenticate_user(self.socket_id, user))
        self.expect("heard", "user", "pusher:signin_success")

    def expect(self, *words):
        """The next thing that is said must begin with these words; returns the others."""
        said = self.heard.get(timeout=LIMIT)
        if said[: len(words)] != list(words):
            raise AssertionError(f"{said} instead of {list(words)}")
        return said[len(words):]

    def leave(self):
        self.process.stdin.close()
        self.process.wait(timeout=LIMIT)
        self.process.stdout.close()

    def _say(self, *words):
        self.process.stdin.write(json.dumps(words) + "\n")
        self.process.stdin.flush()

    def _listen(self):
        for line in self.process.stdout:
            self.heard.put(json.loads(line))
