package api

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/calweave/calweave/internal/record"
)

// ProblemBase is what the type of every problem begins with; the rest is its reason, which is an anchor of that page.
const ProblemBase = "https://github.com/calweave/calweave/blob/main/docs/problems.md#"

// The reasons that only HTTP knows.
const (
	reasonUnauthorized record.Reason = "unauthorized"
	reasonScope        record.Reason = "scope-missing"
	reasonRate         record.Reason = "rate-limited"
	reasonNotFound     record.Reason = "not-found"
	reasonMethod       record.Reason = "method-not-allowed"
	reasonTooLarge     record.Reason = "too-large"
	reasonMediaType    record.Reason = "unsupported-media-type"
	reasonUnavailable  record.Reason = "unavailable"
	reasonInternal     record.Reason = "internal"
	reasonProvider     record.Reason = "provider-not-configured"
	reasonEndpoint     record.Reason = "endpoint-unusable"
	reasonApplication  record.Reason = "application-refused"
	reasonProviderAway record.Reason = "provider-unavailable"
	reasonSealKey      record.Reason = "seal-key-missing"
	reasonInUse        record.Reason = "application-in-use"
	reasonLimit        record.Reason = "limit-reached"
	reasonKeyReused    record.Reason = "idempotency-key-reused"
	reasonInFlight     record.Reason = "request-in-flight"
	reasonUnanswered   record.Reason = "answer-lost"
	reasonGuardDecided record.Reason = "guard-decided"
	reasonGuardChanged record.Reason = "guard-changed"
	reasonNotListed    record.Reason = "calendar-not-listed"
	reasonBeyond       record.Reason = "beyond-coverage"
)

// Meaning is what a reason means on HTTP.
type Meaning struct {
	Status int    `json:"status"`
	Title  string `json:"title"`
	// About says when it is answered, Mend what to do then. What is code stands between backticks.
	About string `json:"about"`
	Mend  string `json:"mend"`
}

// Meanings is the one table from a reason to a status, and to the words that docs/problems.md and /problems/{name} have for it.
//
//nolint:funlen // a table
func Meanings() map[record.Reason]Meaning {
	return map[record.Reason]Meaning{
		record.ReasonMalformed: {
			http.StatusBadRequest, "The document is no JSON",
			"The body is no JSON, or not in UTF-8, or names half a character by an escape.",
			"`detail` has line and column.",
		},
		reasonUnauthorized: {
			http.StatusUnauthorized, "The API key is missing or not in force",
			"The API key is missing, unknown or revoked.",
			"`calweave key create` makes one. Send it as `Authorization: Bearer`.",
		},
		reasonScope: {
			http.StatusForbidden, "The API key lacks a scope",
			"The API key may not do this: `detail` says which scope is needed and which the key has.",
			"A key never gains a scope. Make another one with `calweave key create --scopes`; to write includes to read.",
		},
		record.ReasonUnknown: {
			http.StatusNotFound, "There is no such booking",
			"The tenant has no booking of that id.",
			"Check the id. A booking that was cancelled is still there.",
		},
		reasonNotFound: {
			http.StatusNotFound, "There is no such thing",
			"There is no such path, or the tenant has nothing of that name.",
			"Check the path and the id, and that the key is the right tenant's.",
		},
		reasonNotListed: {
			http.StatusConflict, "The calendar is not listed",
			"Nothing is kept of the calendar, or its first listing is not complete yet, so that nothing can be said about its time.",
			"`PATCH` the calendar with `sync: busy`, or ask again in a moment: `detail` says which.",
		},
		reasonBeyond: {
			http.StatusUnprocessableEntity, "The window reaches beyond what is known",
			"The mirror of the calendar is proven for a window, and what was asked about reaches beyond it.",
			"Ask within what `detail` says. Operators widen the window with `CALWEAVE_SYNC_WINDOW_FUTURE` and `CALWEAVE_SYNC_WINDOW_PAST`.",
		},
		reasonMethod: {
			http.StatusMethodNotAllowed, "The method is not allowed here",
			"The path is there, but not for this method.",
			"The header `Allow` lists what can be used here.",
		},
		record.ReasonSuperseded: {
			http.StatusConflict, "A newer version is known",
			"A newer version of the booking is known.",
			"Read the booking and go on from there.",
		},
		record.ReasonReused: {
			http.StatusConflict, "The version is known with other content",
			"This version is known with other content.",
			"Give the changed booking a higher version.",
		},
		record.ReasonDiverged: {
			http.StatusConflict, "A person's change awaits a decision",
			"A person has changed the event in a calendar, which was reported, and your core has not decided.",
			"Read the booking: `targets[].observed` shows what they made of it. `POST …/divergence:accept` makes the booking what they made of it, `POST …/divergence:revert` makes the event again what the booking says. Or send your decision as the next version with `If-Match: \"<revision>\"` (over the queue: `if_revision`).",
		},
		reasonLimit: {
			http.StatusConflict, "The limit is reached",
			"The tenant has as many of these as it may have.",
			"Delete one that is not needed any more.",
		},
		reasonKeyReused: {
			http.StatusUnprocessableEntity, "The idempotency key belongs to another request",
			"The `Idempotency-Key` came with another request in the last 24 hours: with another method, path, query, `If-Match` or body.",
			"Give each request a key of its own, and a repetition the same key and every byte of the request.",
		},
		reasonInFlight: {
			http.StatusConflict, "The same request is being carried out",
			"A request with this `Idempotency-Key` is being carried out at this moment.",
			"Send it again after `Retry-After`, as it is: you get its answer, or, if it broke before it changed anything, it is carried out now.",
		},
		reasonUnanswered: {
			http.StatusConflict, "The answer to this request was lost",
			"The request with this `Idempotency-Key` was carried out, and calweave broke before it could store the answer. It is never carried out again.",
			"Read what it was to change; a secret that you were not told can be rotated.",
		},
		reasonGuardDecided: {
			http.StatusConflict, "The hold is decided",
			"Somebody has decided about these deletions already, or the events came back and the hold has ended by itself.",
			"Read the hold: `state` and `decided_by` say what became of it.",
		},
		reasonGuardChanged: {
			http.StatusPreconditionFailed, "The hold has changed",
			"`If-Match` names another revision than the hold's: more events have vanished since you read it, or some have come back.",
			"Read the hold and its deletions again, and decide anew.",
		},
		record.ReasonUndiverged: {
			http.StatusConflict, "Nothing awaits a decision",
			"There is nothing to accept or to revert: no person's change was reported, or it was decided about already, or the person has taken it back. With `calendar_id`: nothing in that calendar; `problems` lists those where something is.",
			"A decision that was sent twice is refused the second time, and has changed nothing then. Read the booking.",
		},
		record.ReasonAmbiguous: {
			http.StatusConflict, "Several changes await a decision",
			"The events of several targets were changed in different ways, and only one can be accepted at a time.",
			"`problems` lists the calendars: send one of them as `calendar_id`. The changes in the others stay to be decided about.",
		},
		record.ReasonUnacceptable: {
			http.StatusConflict, "The change cannot be accepted",
			"What the person made of the event cannot be a booking: it has no title, say, or no length. `problems` names the fields.",
			"Revert it, or submit the next version with `If-Match`.",
		},
		record.ReasonRevision: {
			http.StatusPreconditionFailed, "The booking is at another revision",
			"`If-Match` names another revision than the booking's: something has changed since you read it.",
			"Read it again and decide anew.",
		},
		reasonTooLarge: {
			http.StatusRequestEntityTooLarge, "The body is too large",
			"A body may have 256 KiB at the most.",
			"Send less.",
		},
		reasonMediaType: {
			http.StatusUnsupportedMediaType, "The body is not JSON",
			"The header `Content-Type` names another form than the one that is read here.",
			"Send `Content-Type: application/json`.",
		},
		record.ReasonInvalid: {
			http.StatusUnprocessableEntity, "The request is not what the contract says",
			"An unknown field or parameter, a missing one, a name given twice, a wrong type, a time that does not exist, an end before the start.",
			"`problems` lists everything that is wrong at once, and what is allowed there.",
		},
		record.ReasonCalendar: {
			http.StatusUnprocessableEntity, "A target cannot be used",
			"A target is no calendar of this tenant, may only be read, is not seen by its account any more, was chosen not to be one, or belongs to an account that was disconnected.",
			"`GET /v1/calendars?writable=true` lists what can be used; `PATCH /v1/calendars/{id}` with `writable_target: true` lets bookings name one again, and is itself refused for a calendar that may only be read.",
		},
		record.ReasonNotify: {
			http.StatusUnprocessableEntity, "The provider cannot notify that way",
			"The authoritative target's provider cannot notify that way: Microsoft mails all guests of an event or, with `none`, has none written.",
			"Choose `notify: all` or `none`, or another authoritative target.",
		},
		reasonProvider: {
			http.StatusUnprocessableEntity, "The provider is not configured",
			"The operator has set no OAuth client for this provider.",
			"Ask the operator to set the provider's client id and secret.",
		},
		reasonApplication: {
			http.StatusUnprocessableEntity, "The provider refuses the application",
			"The provider gave the application no token for the mailbox, or did not let it read the mailbox. `detail` has the provider's code.",
			"At Google an administrator of the domain has to delegate calweave's scopes to the service account; at Microsoft one has to grant the application permission `Calendars.ReadWrite`. Check the credential, the mailbox and `entra_tenant`. Nothing was stored.",
		},
		reasonProviderAway: {
			http.StatusServiceUnavailable, "The provider cannot be asked at the moment",
			"The provider does not answer, or has asked to be left alone, while a mailbox was to be connected. Nothing was stored.",
			"Come back when `Retry-After` says, with the same request.",
		},
		reasonSealKey: {
			http.StatusServiceUnavailable, "A key of this installation is missing",
			"What was asked for is stored sealed, with a key that calweave was started without. Nothing is lost, and everything opens again once the key is given. `detail` has the key's id.",
			"The operator gives the key back in `CALWEAVE_SEAL_KEYS`; `calweave seal status` lists the keys and what they seal.",
		},
		reasonInUse: {
			http.StatusConflict, "The application has connections",
			"Accounts are connected by the application, and would be cut off without its credential.",
			"`DELETE /v1/connections/{id}` for each of them, and come back when they are `disconnected`.",
		},
		reasonEndpoint: {
			http.StatusUnprocessableEntity, "The URL cannot be used",
			"Messages cannot be delivered to this URL.",
			"It has to be https and public, unless the operator has allowed its address.",
		},
		reasonRate: {
			http.StatusTooManyRequests, "Too many requests",
			"The key has sent more requests than it may (`CALWEAVE_API_RATE`), or too many tokens came from one address that are no key.",
			"Come back when `Retry-After` says. `RateLimit-Policy` and `RateLimit` in every answer under `/v1` tell beforehand how much is left.",
		},
		reasonInternal: {
			http.StatusInternalServerError, "Something went wrong on our side",
			"A defect of calweave. What is known of a request that was to change something is said in `detail`.",
			"The operator finds the cause in the log under the answer's `request_id`.",
		},
		reasonUnavailable: {
			http.StatusServiceUnavailable, "Nothing can be committed at the moment",
			"The database does not answer, or the request took too long. Whether a request that was to change something did so is said in `detail`.",
			"Come back when `Retry-After` says.",
		},
	}
}

// Problem is one type of problem.
type Problem struct {
	// Name is the last part of its type.
	Name record.Reason `json:"name"`
	Meaning
}

// Problems returns all types of problems, by their status and name.
func Problems() []Problem {
	var out []Problem
	for name, m := range Meanings() {
		out = append(out, Problem{name, m})
	}
	slices.SortFunc(out, func(a, b Problem) int { return cmp.Or(cmp.Compare(a.Status, b.Status), cmp.Compare(a.Name, b.Name)) })
	return out
}

// Markdown writes the problems as docs/problems.md has them: the headings are the anchors that types end in.
func Markdown(problems []Problem) string {
	var b strings.Builder
	for i, p := range problems {
		if i > 0 {
			b.WriteString("\n")
		}
		b.WriteString("## " + string(p.Name) + "\n\n" + strconv.Itoa(p.Status) + ". " + p.Title + ".\n\n" + p.About + "\n\n" + p.Mend + "\n")
	}
	return b.String()
}
