package budget

import (
	"cmp"
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"errors"
	"log/slog"
	"math"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/clock"
	"github.com/calweave/calweave/internal/record"
)

// The script. Its parts are one text each, so that asking and reporting agree about everything that they share.
var (
	//go:embed script_common.lua
	commonSource string
	//go:embed turns.lua
	turnsSource string
	//go:embed take.lua
	takeSource string
	//go:embed settle.lua
	settleSource string
	//go:embed left.lua
	leftSource string
)

// engine runs scripts where the account is kept.
type engine interface {
	// run runs one script. The answer's elements are int64 or string.
	run(ctx context.Context, s scriptName, keys []string, args []any) ([]any, error)
	// settle runs the reports of several calls.
	settle(ctx context.Context, all []request) error
	// read returns a hash as it is; empty if there is none.
	read(ctx context.Context, key string) (map[string]string, error)
}

// scriptName tells the scripts apart.
type scriptName int

const (
	takeScript scriptName = iota
	settleScript
	leftScript
	scripts int = iota
)

func (n scriptName) source() string {
	switch n {
	case takeScript:
		return commonSource + turnsSource + takeSource
	case settleScript:
		return commonSource + settleSource
	default:
		return commonSource + leftSource
	}
}

// request is one run of a script.
type request struct {
	keys []string
	args []any
}

// Options are what a Limiter works with.
type Options struct {
	// Limits are what each provider allows.
	Limits func(cal.Provider) Limits
	// LocalShare is the percentage of all limits that this process uses on its own while Redis is away.
	LocalShare int
	// Clock tells the time of the process's own account; Told lets it tell that of the shared one too, which Redis does otherwise.
	Clock clock.Clock
	Told  bool
	// ID makes an identifier that nobody else makes.
	ID func() string
	// Sleep waits; nil waits in real time.
	Sleep func(ctx context.Context, d time.Duration) error
	// AskTime is how long Redis may take to answer, before the process decides on its own; 0 for 200 ms.
	AskTime time.Duration
	// Waiters is how many calls that are not interactive may wait in place for their first request, for a moment.
	Waiters int
	// Places is how many calls to one provider may be under way in this process at once; 0 for any number.
	Places int
	// Breakers adds the breakers of this process. They run on real time.
	Breakers bool
	// Penalties reads, from where nothing is forgotten, until when a call's connection and its application are to be left alone; nil for nowhere.
	Penalties func(ctx context.Context, c record.Call) (ofConnection, ofApplication time.Time, err error)
	// Meter hears of calls and refusals; nil for nobody.
	Meter Meter
	Log   *slog.Logger
}

// Limiter decides about requests. It is safe for concurrent use. Run has to run for reports to be sent.
type Limiter struct {
	Options
	shared   engine // nil without Redis
	local    engine
	breakers *breakers
	reports  *reports
	shares   shares
	queues   queues
	outages  outages

	// away is until when the shared account is not asked, in microseconds since 1970; 0 while it answers.
	away    atomic.Int64
	waiting atomic.Int64
	// known is what this process has last heard about each application, which outlives the Redis that said it.
	mu    sync.Mutex
	known map[application]knowledge
}

// application names a provider application, which is what most limits are about.
type application struct {
	Provider cal.Provider
	AppID    cal.AppID
}

type knowledge struct {
	epoch, total int64
	heard        time.Time
	penalty      int64 // microseconds since 1970
	// read is when the penalty was last read from where nothing is forgotten.
	read time.Time
}

// The bounds of a conversation with Redis.
const (
	askTime = 200 * time.Millisecond
	// askAgain is how long a process decides on its own before it asks again.
	askAgain = time.Second
	// fresh is how long what was heard about a day's use is worth telling.
	fresh = time.Hour
	// leaseTime is how long a call may hold a place of its mailbox without a sign of life; longer than any exchange, of 30 s.
	leaseTime = 60 * time.Second
)

// verdict is what the script says about a request.
type verdict struct {
	ok     bool
	wait   time.Duration
	reason string
}

// errAnswer is an answer of the script that cannot be read; only another version could give it.
var errAnswer = errors.New("budget: the script's answer cannot be read")

// take asks for one request of a call.
func (l *Limiter) take(ctx context.Context, c *call, method string) (verdict, error) {
	limits, cost := c.limits, c.limits.cost(method)
	if e := l.asked(); e != nil {
		bounded, cancel := context.WithTimeout(ctx, l.AskTime)
		defer cancel()
		v, epoch, err := l.ask(bounded, e, c, limits, cost)
		if err == nil {
			l.present()
			return l.confirm(ctx, c, v, epoch.Add(skew))
		}
		if ctx.Err() != nil {
			return verdict{}, err
		}
		l.absent(ctx, err)
	}
	v, epoch, err := l.ask(ctx, l.local, c, limits.share(l.LocalShare), cost)
	if err != nil {
		return verdict{}, err
	}
	if l.shared != nil {
		epoch = l.Clock.Now().Add(skew) // others hear of what this account cannot know, all the time
	}
	return l.confirm(ctx, c, v, epoch)
}

// asked is the shared account if there is one that answers.
func (l *Limiter) asked() engine {
	if l.shared == nil || l.Clock.Now().UnixMicro() < l.away.Load() {
		return nil
	}
	return l.shared
}

// Alone reports whether the account that is shared with the fleet is away, so that this process keeps to its own share. Where there is none to
// share, nothing is away.
func (l *Limiter) Alone() bool { return l.shared != nil && l.away.Load() != 0 }

func (l *Limiter) absent(ctx context.Context, err error) {
	if l.away.Swap(l.Clock.Now().Add(askAgain).UnixMicro()) == 0 {
		l.Log.WarnContext(ctx, "Redis is away: this process keeps to its own share of the providers' limits", slog.String("error", err.Error()))
	}
}

func (l *Limiter) present() {
	if l.away.Swap(0) != 0 {
		l.Log.Info("Redis is back: the providers' limits are shared again")
	}
}

// ask runs the script for one request and remembers what it says about the application. An answer that is lost may have been a yes.
func (l *Limiter) ask(ctx context.Context, e engine, c *call, limits Limits, cost int) (_ verdict, epoch time.Time, _ error) {
	app := application{c.ask.Provider, c.ask.AppID}
	names := []string{c.keys.app, c.keys.day, c.keys.tenant, c.keys.mailbox, c.keys.turns + strconv.Itoa(c.lane)}
	if c.ask.Calendar != "" {
		names = append(names, c.keys.calendar)
	}
	known := l.heard(app, e)
	args := []any{
		l.now(e), cost, c.lane, c.id, leaseTime.Microseconds(), known.epoch, known.total, known.penalty,
		limits.Daily, limits.Concurrency, unlimited(limits.Unproven), flag(c.patient),
	}
	for _, r := range []Rate{limits.Application, limits.Tenant, limits.Mailbox, limits.Calendar} {
		every, burst := limits.bucket(r)
		args = append(args, every, burst)
	}
	args = append(args, string(c.ask.Tenant), flag(c.ask.InLine), c.later().Microseconds(), c.waits.Microseconds())
	out, err := e.run(ctx, takeScript, names, args)
	if err != nil {
		c.holds(e)
		return verdict{}, epoch, err
	}
	v, learnt, err := readVerdict(out)
	if err != nil {
		return verdict{}, epoch, err
	}
	if v.ok {
		c.holds(e)
	}
	l.learn(app, e, learnt)
	return v, time.UnixMicro(learnt.epoch), nil
}

// unlimited turns no limit into one that is never reached.
func unlimited(n int) int {
	if n == 0 {
		return math.MaxInt32
	}
	return n
}

// flag is a yes or no as the script takes it.
func flag(is bool) int {
	if is {
		return 1
	}
	return 0
}

// laneNumber is a lane as the script takes it.
func laneNumber(lane task.Lane) int {
	switch lane {
	case task.Bulk:
		return 2
	case task.Background:
		return 1
	default:
		return 0
	}
}

// readVerdict reads {ok, wait in µs, reason, epoch, the day's total, the application's penalty}.
func readVerdict(out []any) (verdict, knowledge, error) {
	const fields = 6
	if len(out) != fields {
		return verdict{}, knowledge{}, errAnswer
	}
	var n [fields]int64
	for i, v := range out {
		switch v := v.(type) {
		case int64:
			n[i] = v
		case string:
			if i == 2 {
				continue
			}
			var err error
			if n[i], err = strconv.ParseInt(v, 10, 64); err != nil {
				return verdict{}, knowledge{}, errAnswer
			}
		default:
			return verdict{}, knowledge{}, errAnswer
		}
	}
	reason, _ := out[2].(string)
	return verdict{ok: n[0] == 1, wait: time.Duration(n[1]) * time.Microsecond, reason: reason},
		knowledge{epoch: n[3], total: n[4], penalty: n[5]}, nil
}

// heard is what is worth telling about an application. Of what the fleet has used of a day, this process's own account bears its share, so that the
// process's share of what is left is left.
func (l *Limiter) heard(app application, e engine) knowledge {
	l.mu.Lock()
	defer l.mu.Unlock()
	k := l.known[app]
	if l.Clock.Now().Sub(k.heard) > fresh {
		k.epoch, k.total = 0, 0
	}
	if e == l.local {
		k.total = k.total * int64(l.LocalShare) / 100
	}
	return k
}

// learn remembers what the shared account says; that of the process knows nothing that the process does not.
func (l *Limiter) learn(app application, e engine, k knowledge) {
	if e != l.shared {
		return
	}
	k.heard = l.Clock.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	k.penalty, k.read = max(k.penalty, l.known[app].penalty), l.known[app].read
	l.known[app] = k
}

// park remembers that an application is to be left alone.
func (l *Limiter) park(app application, until time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	k := l.known[app]
	k.penalty = max(k.penalty, until.UnixMicro())
	l.known[app] = k
}

// now is the moment that a script is given: 0 lets Redis tell the time.
func (l *Limiter) now(e engine) int64 {
	if r, ok := e.(*redisEngine); ok && !r.told {
		return 0
	}
	return l.Clock.Now().UnixMicro()
}

// keys are those of one call. All keys of an application share a hash tag, so that one script reaches them on a cluster.
// turns is completed by the lane.
type keys struct{ app, day, tenant, mailbox, turns, calendar string }

const keyPrefix = "calweave:budget:"

func tag(app application) string {
	return keyPrefix + "{" + string(app.Provider) + "/" + string(app.AppID) + "}:"
}

// keysOf names the buckets of a call. A calendar's id is often a person's address: only a digest of it leaves the database.
func keysOf(c record.Call) keys {
	t := tag(application{c.Provider, c.AppID})
	mailbox := string(c.Tenant) + "/" + string(c.Connection)
	digest := sha256.Sum256([]byte(mailbox + "/" + string(c.Calendar)))
	return keys{
		app: t + "app", day: t + "day", tenant: t + "tenant:" + string(c.Tenant), mailbox: t + "mailbox:" + mailbox,
		turns: t + "turns:", calendar: t + "calendar:" + string(c.Tenant) + "/" + hex.EncodeToString(digest[:16]),
	}
}

// New makes a limiter that shares its account over a Redis; nil for a process on its own.
func New(client redis.UniversalClient, o Options) *Limiter {
	o.AskTime = cmp.Or(o.AskTime, askTime)
	l := &Limiter{Options: o, local: newMemoryEngine(), known: map[application]knowledge{}}
	if client != nil {
		l.shared = newRedisEngine(client, o.Told)
	}
	if o.Breakers {
		l.breakers = newBreakers()
	}
	l.reports = newReports(l)
	return l
}
