// The consumer's side: runs the core's own code against what it expects of calweave, and writes that into pacts/.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Matchers, Pact } from "@pact-foundation/pact";
import { book, moved, type Booking } from "./core.ts";

const { boolean, like, regex, string } = Matchers;
const booking: Booking = {
  version: 1,
  title: "Check-up",
  start: { date_time: "2027-04-05T09:00:00", time_zone: "Europe/Rome" },
  end: { date_time: "2027-04-05T09:20:00", time_zone: "Europe/Rome" },
  targets: [{ calendar_id: "cal_01" }],
};
const key = { Authorization: regex("Bearer .+", "Bearer a-key") };

const api = new Pact({ consumer: "my-core", provider: "calweave-api", dir: "pacts", logLevel: "warn" });

test("a new booking", async () => {
  await api
    .addInteraction()
    .given("a calendar")
    .uponReceiving("a new booking")
    .withRequest("PUT", "/v1/bookings/check-up-7", (request) => request.headers(key).jsonBody(booking))
    .willRespondWith(202, (answer) => answer.jsonBody(like({ id: "check-up-7", reservation_token: regex("rsv_[0-9a-f]+", "rsv_01") })))
    .executeTest(async (calweave) => {
      assert.equal(await book({ url: calweave.url, key: "a-key" }, "check-up-7", booking), "rsv_01");
    });
});

test("a booking that ends before it begins", async () => {
  const wrong = { ...booking, start: booking.end, end: booking.start };
  await api
    .addInteraction()
    .given("a calendar")
    .uponReceiving("a booking that ends before it begins")
    .withRequest("PUT", "/v1/bookings/check-up-7", (request) => request.headers(key).jsonBody(wrong))
    .willRespondWith(422, (answer) =>
      answer
        .headers({ "Content-Type": regex("application/problem\\+json.*", "application/problem+json") })
        .jsonBody(like({ type: regex("https://.+", "https://calweave.example/problems"), detail: "one field is wrong" })),
    )
    .executeTest(async (calweave) => {
      await assert.rejects(book({ url: calweave.url, key: "a-key" }, "check-up-7", wrong), /^Error: 422 https:/);
    });
});

test("the message booking.moved", async () => {
  await new Pact({ consumer: "my-core", provider: "calweave-messages", dir: "pacts", logLevel: "warn" })
    .addAsynchronousInteraction()
    .given("a booking that a person has moved")
    .expectsToReceive("the message booking.moved", (message) => {
      message.withJSONContent({
        type: "booking.moved",
        data: {
          booking_id: string("check-up-7"),
          diverged: boolean(true),
          target: { calendar_id: regex("cal_[0-9a-f]+", "cal_01") },
          event: { start: { date_time: regex("\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}.*", "2027-04-05T11:00:00+02:00") } },
        },
      });
    })
    .executeTest(async (message) => {
      assert.deepEqual(moved(message.contents.content), {
        booking: "check-up-7", calendar: "cal_01", start: "2027-04-05T11:00:00+02:00", undecided: true,
      });
    });
});
