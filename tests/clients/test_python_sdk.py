"""The stock HTTP SDK for Python against the real server; what it publishes is heard by stock pusher-js."""

import base64
import unittest

from pusher import Pusher
from pusher.errors import PusherBadAuth, PusherBadStatus

from support.visitor import APPLICATIONS, Server, Visitor

KEY = "members-key"
MASTER_KEY = base64.b64encode(b"0123456789abcdef0123456789abcdef").decode()


class PythonSdk(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server()
        cls.addClassCleanup(cls.server.stop)

    def setUp(self):
        self.sdk = self.application(KEY)

    def application(self, key, **changes):
        options = {
            "app_id": APPLICATIONS[key]["app_id"], "key": key, "secret": APPLICATIONS[key]["secret"],
            "host": "127.0.0.1", "port": self.server.port, "ssl": False,
            "encryption_master_key_base64": MASTER_KEY,
        }
        return Pusher(**(options | changes))

    def visitor(self, sdk=None, key=KEY):
        visitor = Visitor(self.server, sdk or self.sdk, key)
        self.addCleanup(visitor.leave)
        return visitor

    def test_events_arrive_on_every_kind_of_channel(self):
        visitor = self.visitor()
        for channel in ("news", "private-news", "presence-news", "private-encrypted-news", "cache-news",
                        "private-cache-news", "presence-cache-news", "private-encrypted-cache-news"):
            with self.subTest(channel):
                visitor.subscribe(channel, {"user_id": "ada"} if channel.startswith("presence-") else None)
                if "cache" in channel:
                    visitor.expect("heard", channel, "pusher:cache_miss")
                answer = self.sdk.trigger(channel, "posted", {"text": "Grüße 👋", "nothing": {}})
                self.assertEqual(answer, {})
                self.assertEqual(visitor.expect("heard", channel, "posted"), [{"text": "Grüße 👋", "nothing": {}}])

    def test_members_are_who_the_sdk_signed(self):
        members = self.visitor().subscribe("presence-room", {"user_id": 7, "user_info": {"name": "Seven"}})
        self.assertEqual(members["me"], {"id": 7, "info": {"name": "Seven"}})
        self.assertEqual(self.sdk.users_info("presence-room"), {"users": [{"id": 7}]})

    def test_the_socket_that_is_named_does_not_hear_the_event(self):
        ada, bob = self.visitor(), self.visitor()
        for visitor in (ada, bob):
            visitor.subscribe("others")
        self.sdk.trigger("others", "posted", 1, ada.socket_id)
        self.sdk.trigger("others", "posted", 2)
        self.assertEqual(bob.expect("heard", "others", "posted"), [1])
        self.assertEqual(bob.expect("heard", "others", "posted"), [2])
        self.assertEqual(ada.expect("heard", "others", "posted"), [2])

    def test_a_batch_arrives_in_its_order(self):
        visitor = self.visitor()
        visitor.subscribe("private-encrypted-batch")
        answer = self.sdk.trigger_batch([
            {"channel": "private-encrypted-batch", "name": "first", "data": {"id": 1}},
            {"channel": "elsewhere", "name": "lost", "data": "text"},
            {"channel": "private-encrypted-batch", "name": "second", "data": {"id": 2}},
        ])
        self.assertEqual(answer, {"batch": {}})
        self.assertEqual(visitor.expect("heard", "private-encrypted-batch", "first"), [{"id": 1}])
        self.assertEqual(visitor.expect("heard", "private-encrypted-batch", "second"), [{"id": 2}])

    def test_a_batch_tells_of_the_channels_what_it_is_asked(self):
        self.visitor().subscribe("asked")
        answer = self.sdk.trigger_batch([
            {"channel": "asked", "name": "posted", "data": "1", "info": "subscription_count"},
            {"channel": "empty", "name": "posted", "data": "2"},
        ])
        self.assertEqual(answer, {"batch": [{"subscription_count": 1}, {}]})

    def test_channels_are_described(self):
        visitor = self.visitor()
        visitor.subscribe("described-news")
        visitor.subscribe("presence-described", {"user_id": "7"})
        self.assertEqual(self.sdk.channels_info("described-"), {"channels": {"described-news": {}}})
        self.assertEqual(self.sdk.channels_info("presence-described", ["user_count"]),
                         {"channels": {"presence-described": {"user_count": 1}}})
        self.assertEqual(self.sdk.channels_info("no-such-"), {"channels": {}})
        self.assertEqual(self.sdk.channel_info("described-news", ["subscription_count", "user_count"]),
                         {"occupied": True, "subscription_count": 1})
        self.assertEqual(self.sdk.channel_info("empty"), {"occupied": False})

    def test_events_to_a_user_reach_who_signed_in(self):
        visitor = self.visitor()
        visitor.sign_in({"id": "ada", "user_info": {"name": "Ada"}})
        # The user's events have a channel of their own, to which pusher-js subscribes without a word; the next
        # subscription is answered after that one.
        visitor.subscribe("after-that")
        self.sdk.send_to_user("ada", "mail", {"subject": "Hello"})
        self.assertEqual(visitor.expect("heard", "user", "mail"), [{"subject": "Hello"}])

    def test_terminating_a_user_asks_a_path_without_the_application(self):
        # Version 3.3.4 leaves the application out of the path, so that no server can know whose user is meant.
        with self.assertRaisesRegex(PusherBadStatus, "^404: Not found.$"):
            self.sdk.terminate_user_connections("ada")

    def test_refusals_are_the_exceptions_of_the_sdk(self):
        for changes, exception, text in (
            ({"secret": "wrong"}, PusherBadAuth, "^Authentication signature invalid.$"),
            ({"app_id": "99"}, PusherBadStatus, r"^404: No matching application for ID \[99\].$"),
        ):
            with self.subTest(text), self.assertRaisesRegex(exception, text):
                self.application(KEY, **changes).channels_info()
        with self.assertRaisesRegex(PusherBadStatus, "^413: Payload too large.$"):
            self.sdk.trigger("news", "posted", "x" * 10_000)
