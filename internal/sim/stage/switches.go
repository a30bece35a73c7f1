package stage

// Switches decide what is unknown, contradictory or configurable about the real providers. Whatever a client relies on has to hold for each
// value.
type Switches struct {
	// HTTPSPushOnly refuses push addresses that are not https, as both providers do
	// (https://developers.google.com/workspace/calendar/api/guides/push,
	// https://learn.microsoft.com/graph/change-notifications-delivery-webhooks). Off by default, since simulators mostly run on one machine.
	HTTPSPushOnly bool `json:"https_push_only"`
	// PageCap bounds the rows of every page below what the client asked for; 0 does not. Both providers may answer less than asked.
	PageCap int `json:"page_cap"`
	// EmptyFirstPage makes the first page of every listing of events empty, with a next page. Both providers do so at times.
	EmptyFirstPage bool              `json:"empty_first_page"`
	Google         GoogleSwitches    `json:"google"`
	Microsoft      MicrosoftSwitches `json:"microsoft"`
}

// GoogleSwitches are what is unknown about Google Calendar.
type GoogleSwitches struct {
	// SyncMessage says when a new channel's first message goes out: SyncEither sends it with the answer, neither waiting for the other;
	// SyncBefore holds the answer until the message was delivered or failed; SyncAfter sends it once the answer is written. The push guide
	// promises no order.
	SyncMessage SyncMessage `json:"sync_message"`
	// UnreadableCursor is the status of a sync token that was never issued: 410 as the sync guide has it for every invalid token, or 400
	// "Invalid sync token value.", which clients report.
	UnreadableCursor int `json:"unreadable_cursor"`
	// MaxChannelHours is the longest life of a channel; a longer wish is cut. The real maximum is not documented.
	MaxChannelHours int `json:"max_channel_hours"`
	// StopUnknown is the status of stopping a channel that is not there. It is not documented.
	StopUnknown int `json:"stop_unknown"`
	// CancelledDetails keeps the content of a deleted event in listings. Only its id is promised; on the organizer's calendar the rest may
	// be there (https://developers.google.com/workspace/calendar/api/v3/reference/events#status).
	CancelledDetails bool `json:"cancelled_details"`
	// SilentGuests says whether guests with a Google calendar get their copy of an event that is made with sendUpdates=none: the reference of
	// events.insert warns that with none some guests may be lost.
	SilentGuests SilentGuests `json:"silent_guests"`
	// GuestEdits says what becomes of a guest's change to what belongs to the organizer: Refused with 403 forbiddenForNonOrganizer, as the
	// guide to errors has it, or Served in the guest's own copy until the organizer writes again, as the guide to inviting attendees has it.
	GuestEdits Verdict `json:"guest_edits"`
	// DeclinedIsBusy makes freeBusy show the time of events that the calendar's owner has declined. Nothing is documented about them.
	DeclinedIsBusy bool `json:"declined_is_busy"`
	// FreeBusyDays is the longest window of freeBusy, beyond which the answer is 400 timeRangeTooLong; 0 is none. Not documented; clients
	// report about three months.
	FreeBusyDays int `json:"free_busy_days"`
	// ProjectPerMinute and UserPerMinute are how many requests a client, and one of its users, has in any minute; 0 is any number, so that a
	// test need not hurry slowly. The guide to quotas has 10,000 and 600.
	ProjectPerMinute int `json:"project_per_minute"`
	UserPerMinute    int `json:"user_per_minute"`
	// CalendarWritesPerMinute is how many writes one calendar takes in any minute; 0 is any number. That there is a limit is documented, not
	// which.
	CalendarWritesPerMinute int `json:"calendar_writes_per_minute"`
	// ProjectPerDay is how many requests a client has in any 24 hours; 0 is any number. Beyond them the answer is 403 quotaExceeded. The guide
	// to quotas has a threshold of 1,000,000 and does not say what happens then.
	ProjectPerDay int `json:"project_per_day"`
	// QuotaRetryAfter are the seconds of a Retry-After beside a refusal for a quota; 0 is no such header. None is documented.
	QuotaRetryAfter int `json:"quota_retry_after"`
	// PushDomains says whether an address whose domain nobody has verified is Served, as the push guide now reads, or Refused with 401
	// push.webhookUrlUnauthorized, as it read before. No domain is verified here.
	PushDomains Verdict `json:"push_domains"`
	// LingerSeconds is how long a channel still sends after it was stopped or has expired. Clients report that some do.
	LingerSeconds int `json:"linger_seconds"`
	// LongText says what becomes of a description of more than 8,192 characters: Served, Refused with 400 or Cut. No limit is documented;
	// clients report about this one.
	LongText Verdict `json:"long_text"`
	// ChangedParameters is the status of a sync token whose listing had other parameters, of which the reference says that the behaviour is
	// undefined: 400, 410, or 200 for a listing by the new parameters of what changed.
	ChangedParameters int `json:"changed_parameters"`
	// QuotaStatus is the status of a request beyond them: 403 or 429, both are documented
	// (https://developers.google.com/workspace/calendar/api/guides/errors).
	QuotaStatus int `json:"quota_status"`
	// Conferences says how the making of a conference ends: with success or failure after the answer, with success in it, or with a refusal. It is documented
	// to be asynchronous, not how long it takes.
	Conferences Conferences `json:"conferences"`
	// PropertyFilters says how many of several constraints on private extended properties, or on shared ones, an event has to match: FilterAll as
	// the reference of events.list has it, or FilterAny as the guide to extended properties has it.
	PropertyFilters PropertyFilters `json:"property_filters"`
}

// PropertyFilters is how constraints of one kind go together.
type PropertyFilters string

// How they do.
const (
	FilterAll PropertyFilters = "all"
	FilterAny PropertyFilters = "any"
)

// SilentGuests is what becomes of guests whom nobody mails.
type SilentGuests string

// What becomes of them.
const (
	GuestsKept SilentGuests = "kept"
	GuestsLost SilentGuests = "lost"
)

// Conferences is how the making of a conference ends.
type Conferences string

// The ends.
const (
	ConferenceLater  Conferences = "later"
	ConferenceAtOnce Conferences = "at_once"
	ConferenceFails  Conferences = "fails"
	// ConferenceRefused has all calendars allow none, so that a write that asks for one is refused as a whole.
	ConferenceRefused Conferences = "refused"
)

// SyncMessage orders a channel's first message and the answer that opens the channel.
type SyncMessage string

// The orders.
const (
	SyncEither SyncMessage = "either"
	SyncBefore SyncMessage = "before"
	SyncAfter  SyncMessage = "after"
)

// MicrosoftSwitches are what is unknown about Microsoft Graph.
type MicrosoftSwitches struct {
	// PatchIfMatch and DeleteIfMatch say whether a stale If-Match is refused with 412. The pages of event update and event delete do not
	// mention the header.
	PatchIfMatch  Obedience `json:"patch_if_match"`
	DeleteIfMatch Obedience `json:"delete_if_match"`
	// DuplicateTransaction is the status of a transactionId that was used for another body: 400 or 409.
	DuplicateTransaction int `json:"duplicate_transaction"`
	// TransactionScope is where a transactionId is unique.
	TransactionScope TransactionScope `json:"transaction_scope"`
	// DeletedTransaction says whether a transactionId outlives its event: if it is Ignored the event is made anew, if Honoured the answer is
	// that of a used transactionId.
	DeletedTransaction Obedience `json:"deleted_transaction"`
	// DuplicateSubscription says whether a second subscription of the same resource and change types is refused with 409, as documented
	// (https://learn.microsoft.com/graph/outlook-change-notifications-overview), or made.
	DuplicateSubscription Verdict `json:"duplicate_subscription"`
	// LongSubscription says whether an expiry beyond the maximum is refused or cut.
	LongSubscription Verdict `json:"long_subscription"`
	// MaxSubscriptionMinutes is the longest life of a subscription: 10,080 as documented
	// (https://learn.microsoft.com/graph/change-notifications-overview#subscription-lifetime); clients report 10,070 and, earlier, 4,230.
	MaxSubscriptionMinutes int `json:"max_subscription_minutes"`
	// CalendarFeeds says whether delta and subscriptions of a named calendar are served. Neither is documented for v1.0.
	CalendarFeeds Verdict `json:"calendar_feeds"`
	// Generations is how many of the latest delta tokens of one round-trip of listings are alive. Not documented; a refusal that was
	// reported lists three.
	Generations int `json:"generations"`
	// DeltaPageSize is the size of a page of delta without odata.maxpagesize. Not documented.
	DeltaPageSize int `json:"delta_page_size"`
	// TransactionMinutes is how long a transactionId is remembered; 0 is for good. Not documented.
	TransactionMinutes int `json:"transaction_minutes"`
	// ResyncStatus and ResyncCode are the refusal of a delta token that is dead, and ResyncLocation sends along where to begin anew. The
	// overview of delta queries says 410 with a Location, that of Outlook 40X with a code, and clients report codes in either case of letters
	// (https://learn.microsoft.com/graph/delta-query-overview#synchronization-reset).
	ResyncStatus   int    `json:"resync_status"`
	ResyncCode     string `json:"resync_code"`
	ResyncLocation bool   `json:"resync_location"`
	// MaxTop is the largest $top and odata.maxpagesize, and LongTop whether a larger one is cut or refused. Not documented for calendars.
	MaxTop  int     `json:"max_top"`
	LongTop Verdict `json:"long_top"`
	// LateDelta shows a change by the next listing but one: a notification may come before the change can be read.
	LateDelta bool `json:"late_delta"`
	// ScrambledPages shows the rows of each page of delta in reverse and one of them twice. Order and repeats are left open
	// (https://learn.microsoft.com/graph/delta-query-overview#replays).
	ScrambledPages bool `json:"scrambled_pages"`
	// SealedLinks adds a parameter to the links of delta without which they are refused: they are to be replayed as they are.
	SealedLinks bool `json:"sealed_links"`
	// MasterRows shows the masters of series in delta, and RemovedOccurrences tells a deleted occurrence as a removal. Neither is documented;
	// clients report masters, and no removals.
	MasterRows         bool `json:"master_rows"`
	RemovedOccurrences bool `json:"removed_occurrences"`
	// UpdatedFirst sends "updated" before "created", and MixedNotifications adds somebody else's notification to each delivery. Neither order
	// nor company is promised (https://learn.microsoft.com/graph/change-notifications-delivery-webhooks).
	UpdatedFirst       bool `json:"updated_first"`
	MixedNotifications bool `json:"mixed_notifications"`
	// OriginalZone is what every event shows as its original time zone; empty is the zone that it was made in. Clients report zones without a
	// usable name, such as tzone://Microsoft/Custom.
	OriginalZone string `json:"original_zone"`
	// OnlineMeetings says whether the wish for an online meeting is followed or, as where the calendar cannot have one, passed over.
	OnlineMeetings Obedience `json:"online_meetings"`
	// MailboxConcurrency is how many requests of one application to one mailbox are served at once; 0 is any number. Four are documented
	// (https://learn.microsoft.com/graph/throttling-limits#outlook-service-limits).
	MailboxConcurrency int `json:"mailbox_concurrency"`
	// ConcurrencyRefusal is the status of one too many: 429, or 503 as clients report.
	ConcurrencyRefusal int `json:"concurrency_refusal"`
	// RequestsPerTenMinutes is how many requests of one application to one mailbox are served in ten minutes; 0, the default, is any number,
	// for the simulators take load tests. 10,000 are documented, on the same page.
	RequestsPerTenMinutes int `json:"requests_per_ten_minutes"`
	// BatchReversed answers the parts of a batch in reverse. No order is promised (https://learn.microsoft.com/graph/json-batching).
	BatchReversed bool `json:"batch_reversed"`
	// ReauthorizeMinutes is how long after a subscription was made, renewed or reauthorised it asks for authorisation anew, every 15 minutes;
	// an hour later nothing is sent any more. 0 asks before the subscription's own end only. The access token's life decides in the field
	// (https://learn.microsoft.com/graph/change-notifications-lifecycle-events).
	ReauthorizeMinutes int `json:"reauthorize_minutes"`
	// SlowSample is how many notifications in ten minutes a receiver is judged by at least. Not documented any more; it was 100.
	SlowSample int `json:"slow_sample"`
	// MaxSchedules is how many schedules getSchedule takes: 20 as documented (https://learn.microsoft.com/graph/outlook-get-free-busy-schedule),
	// or 100, which a refusal that was reported names.
	MaxSchedules int `json:"max_schedules"`
	// ScheduleSuffix ends the times of getSchedule with a Z, as clients report.
	ScheduleSuffix bool `json:"schedule_suffix"`
	// SlashedIDs has the ordinary ids of events hold "/" and "+", which a path has to escape. Clients report such ids; Microsoft's word is that
	// Graph hands out none (https://github.com/microsoftgraph/microsoft-graph-docs/issues/3598), and its JavaScript client escapes nothing.
	SlashedIDs bool `json:"slashed_ids"`
}

// Obedience says what a provider does with something that it is told or remembers.
type Obedience string

// The choices.
const (
	Honoured Obedience = "honoured"
	Ignored  Obedience = "ignored"
)

// Verdict says what a provider does with a request that asks for too much.
type Verdict string

// The verdicts. Cut grants less than asked and is a verdict on lengths only.
const (
	Served  Verdict = "served"
	Refused Verdict = "refused"
	Cut     Verdict = "cut"
)

// TransactionScope is where a transactionId is unique.
type TransactionScope string

// The scopes.
const (
	ScopeMailbox  TransactionScope = "mailbox"
	ScopeCalendar TransactionScope = "calendar"
)

// DefaultSwitches are what is documented or, failing that, what is reported most.
func DefaultSwitches() Switches {
	return Switches{
		Google: GoogleSwitches{
			SyncMessage: SyncEither, UnreadableCursor: 410, MaxChannelHours: 7 * 24, StopUnknown: 404,
			SilentGuests: GuestsKept, GuestEdits: Refused, Conferences: ConferenceLater, FreeBusyDays: 92, QuotaStatus: 403,
			PushDomains: Served, LongText: Served, ChangedParameters: 400, PropertyFilters: FilterAll,
		},
		Microsoft: MicrosoftSwitches{
			PatchIfMatch: Honoured, DeleteIfMatch: Honoured,
			DuplicateTransaction: 400, TransactionScope: ScopeMailbox, DeletedTransaction: Ignored,
			DuplicateSubscription: Refused, LongSubscription: Refused, MaxSubscriptionMinutes: 10_080,
			CalendarFeeds: Served, Generations: 3, DeltaPageSize: 10,
			MailboxConcurrency: 4, ConcurrencyRefusal: 429, MaxSchedules: 20, SlowSample: 100,
			ResyncStatus: 410, ResyncCode: "SyncStateNotFound", MaxTop: 1000, LongTop: Refused, MasterRows: true, OnlineMeetings: Honoured,
		},
	}
}
