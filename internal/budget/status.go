package budget

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/internal/record"
)

// State returns how it goes with an application and what is left for its most urgent work: what the fleet knows, in one round trip, or, while Redis is
// away, what this process does.
func (l *Limiter) State(ctx context.Context, p cal.Provider, app cal.AppID) (record.Allowance, error) {
	about, limits := application{p, app}, l.Limits(p)
	if e := l.asked(); e != nil {
		bounded, cancel := context.WithTimeout(ctx, l.AskTime)
		defer cancel()
		a, err := l.left(bounded, e, about, limits)
		if err == nil || errors.Is(err, errAnswer) || ctx.Err() != nil {
			return a, err
		}
		l.absent(ctx, err)
	}
	a, err := l.left(ctx, l.local, about, limits.share(l.LocalShare))
	a.Alone = true
	return a, err
}

// The fields of what left.lua answers.
const (
	leftDown = iota
	leftPenalty
	leftPace
	leftUnits
	leftUsed
	leftDay
	leftFrees
	leftUnanswered
	leftNow
	leftFields
)

// left asks one account.
func (l *Limiter) left(ctx context.Context, e engine, about application, limits Limits) (record.Allowance, error) {
	k, known := tag(about), l.heard(about, e)
	every, burst := limits.bucket(limits.Application)
	out, err := e.run(ctx, leftScript, []string{k + "app", k + "day"}, []any{
		l.now(e), every, burst, limits.Daily, known.epoch, known.total, known.penalty,
	})
	if err != nil {
		return record.Allowance{}, err
	}
	n, err := numbers(out)
	if err != nil {
		return record.Allowance{}, err
	}
	a := record.Allowance{DownUntil: moment(n[leftDown]), Pace: n[leftPace]}
	if n[leftPenalty] > n[leftNow] {
		a.LimitedUntil = moment(n[leftPenalty])
	}
	if every > 0 {
		a.Rate = &record.RateLeft{
			Limit: limits.Application.Units, Span: limits.Application.Span, Available: int(n[leftUnits]), Burst: int(max(1, burst/every)),
		}
	}
	if limits.Daily > 0 {
		a.Day = &record.DayLeft{Limit: limits.Daily, Used: int(n[leftUsed]), Available: int(n[leftDay]), FreesAt: moment(n[leftFrees])}
	}
	if limits.Unproven > 0 {
		a.Unanswered = &record.Unanswered{Limit: limits.Unproven, Used: int(n[leftUnanswered])}
	}
	return a, nil
}

// numbers reads what left.lua answers. Microseconds fit a float64 exactly, as they do a number of Lua.
func numbers(out []any) ([leftFields]float64, error) {
	var n [leftFields]float64
	if len(out) != leftFields {
		return n, errAnswer
	}
	for i, v := range out {
		f, err := strconv.ParseFloat(fmt.Sprint(v), 64)
		if err != nil {
			return n, errAnswer
		}
		n[i] = f
	}
	return n, nil
}

// moment is one in microseconds since 1970; 0 is none.
func moment(us float64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(int64(us)).UTC()
}
