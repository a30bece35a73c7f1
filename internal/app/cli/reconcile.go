package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/internal/app"
	"github.com/calweave/calweave/internal/record"
)

type reconcileCommand struct {
	DryRun     bool             `help:"Write nothing, to no database and no calendar. It has to be said: what writes is calweave run."`
	Tenant     cal.TenantID     `required:"" placeholder:"ID" help:"The tenant."`
	Connection cal.ConnectionID `placeholder:"ID" help:"Only links of this connection."`
	Calendar   cal.CalendarID   `placeholder:"ID" help:"Only links of this calendar."`
	Booking    cal.BookingID    `placeholder:"ID" help:"Only links of this booking."`
	All        bool             `help:"Print the links that agree too."`
	JSON       bool             `name:"json" help:"Print one JSON object: links, and summary."`
	Within     time.Duration    `default:"1h" placeholder:"DURATION" help:"End after this time, and say where to go on (default: ${default})."`
	After      cal.LinkID       `placeholder:"LINK" help:"Go on after this link, where an earlier run has ended."`
}

// Help says what is compared.
func (reconcileCommand) Help() string {
	return "It reads each link's event at the provider and prints what the reconciler would do if it looked at it now, which is decided by the reconciler's own " +
		"plan. Calls pass the limits of the providers as bulk work does, and may have to wait for them. The exit code is 0 when every link agrees with " +
		"its event or work is under way to it, 3 when there is drift, 4 when there is none but some events could not be looked at or the time " +
		"was over, 1 when it failed and 2 when the command line is wrong."
}

var (
	errDryRun = errors.New("say --dry-run: calweave run reconciles by itself, and this command only says what it would do")
	errWithin = errors.New("--within must be more than nothing")
)

// Validate wants the word that says that nothing is to be written.
func (r reconcileCommand) Validate() error {
	if !r.DryRun {
		return errDryRun
	}
	if r.Within <= 0 {
		return errWithin
	}
	return nil
}

// driftError is what a dry run has found.
type driftError struct {
	sum driftSummary
}

// Error says how much there is to see to.
func (d driftError) Error() string {
	text := fmt.Sprintf("%d of %d links have drifted, %d could not be looked at", d.sum.Drift, d.sum.Links, d.sum.Unreachable)
	switch {
	case d.sum.Next != "":
		text += fmt.Sprintf("; the time was over: go on with --after=%s", d.sum.Next)
	case !d.sum.Complete:
		text += "; the time was over: give it more with --within"
	}
	return text
}

func (d driftError) exit() int {
	if d.sum.Drift > 0 {
		return exitDrift
	}
	return exitUnseen
}

// Run prints what would be done.
func (r reconcileCommand) Run(e *env) error {
	return e.tenant(r.Tenant, func(a *app.App) error {
		ctx, cancel := context.WithTimeout(e.ctx, r.Within)
		defer cancel()
		out := r.printer(e)
		var sum driftSummary
		filter := record.AuditFilter{Connection: r.Connection, Calendar: r.Calendar, Booking: r.Booking}
		last, err := a.Audit(ctx, r.Tenant, filter, r.After, func(f record.Finding) error {
			sum.add(f)
			if f.Verdict == record.Agreed && f.Would == record.WouldNothing && !r.All {
				return nil
			}
			return out.finding(f)
		})
		over := errors.Is(ctx.Err(), context.DeadlineExceeded) && err != nil
		if over {
			sum.Next, sum.Complete, err = last, false, nil
		} else {
			sum.Complete = err == nil
		}
		if err := errors.Join(err, out.end(sum)); err != nil {
			return err
		}
		if sum.Drift > 0 || sum.Unreachable > 0 || over {
			return driftError{sum}
		}
		return nil
	})
}

func (r reconcileCommand) printer(e *env) driftPrinter {
	if r.JSON {
		return &driftJSON{out: e.out}
	}
	return &driftTable{out: e.out}
}

// driftSummary counts findings.
type driftSummary struct {
	Links       int `json:"links"`
	Agreed      int `json:"agreed"`
	Pending     int `json:"pending"`
	Drift       int `json:"drift"`
	Unreachable int `json:"unreachable"`
	// Complete says that every link was looked at; Next is where to go on if the time was over before.
	Complete bool       `json:"complete"`
	Next     cal.LinkID `json:"next,omitempty"`
}

func (s *driftSummary) add(f record.Finding) {
	s.Links++
	switch f.Verdict {
	case record.Agreed:
		s.Agreed++
	case record.Pending:
		s.Pending++
	case record.Drifted:
		s.Drift++
	case record.Unreachable:
		s.Unreachable++
	}
}

// driftPrinter prints findings as they come, so that no more of them are held than it takes.
type driftPrinter interface {
	finding(f record.Finding) error
	end(sum driftSummary) error
}

// driftTable prints a table. Its columns are aligned by blocks.
type driftTable struct {
	out   io.Writer
	block *tabwriter.Writer
	rows  int
}

// driftBlock is how many rows are aligned with each other.
const driftBlock = 200

func (t *driftTable) finding(f record.Finding) error {
	if t.block == nil {
		const padding = 2
		t.block = tabwriter.NewWriter(t.out, 0, 0, padding, ' ', 0)
	}
	if t.rows%driftBlock == 0 {
		if err := t.block.Flush(); err != nil {
			return err
		}
		_, _ = fmt.Fprintln(t.block, "VERDICT\tWOULD\tFIELDS\tPERSON\tLINK\tBOOKING\tCALENDAR\tPROVIDER\tSTATE\tWORK\tWHY") // Flush tells
	}
	t.rows++
	_, err := fmt.Fprintf(t.block, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", f.Verdict, f.Would, commas(f.Fields), commas(f.Person),
		f.ID, f.BookingID, f.CalendarID, f.Provider, f.State, workWord(f.Work), f.Why)
	return err
}

func (t *driftTable) end(sum driftSummary) error {
	if t.block != nil {
		if err := t.block.Flush(); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(t.out, "%d links: %d agree, %d have work under way, %d have drifted, %d could not be looked at\n",
		sum.Links, sum.Agreed, sum.Pending, sum.Drift, sum.Unreachable)
	return err
}

// commas lists fields; "-" for none, so that every column holds a word.
func commas(f cal.Fields) string {
	if f == 0 {
		return "-"
	}
	return strings.Join(f.Names(), ",")
}

// workWord says in a word what becomes of a link by itself.
func workWord(w record.AuditedWork) string {
	switch w.State {
	case "":
		return "-"
	case record.Held:
		return string(w.State) + ":" + string(w.HeldFor)
	default:
		return string(w.State)
	}
}

// driftJSON prints one JSON object, whose array grows as findings come.
type driftJSON struct {
	out  io.Writer
	some bool
}

// driftedLink is a finding as it is printed.
type driftedLink struct {
	Link       cal.LinkID        `json:"link_id"`
	Booking    cal.BookingID     `json:"booking_id"`
	Calendar   cal.CalendarID    `json:"calendar_id"`
	Connection cal.ConnectionID  `json:"connection_id"`
	Provider   cal.Provider      `json:"provider"`
	State      record.LinkState  `json:"state"`
	Verdict    record.Verdict    `json:"verdict"`
	Would      record.Would      `json:"would"`
	Fields     []string          `json:"fields"`
	Person     []string          `json:"person"`
	By         map[string]string `json:"by,omitempty"`
	Messages   []message.Type    `json:"messages,omitempty"`
	Why        string            `json:"why"`
	Fault      fault.Kind        `json:"fault,omitempty"`
	Work       *driftedWork      `json:"work,omitempty"`
}

// driftedWork is the work that is wanted of a link.
type driftedWork struct {
	State     record.WorkState `json:"state"`
	HeldFor   record.HeldFor   `json:"held_for,omitempty"`
	NotBefore time.Time        `json:"not_before,omitzero"`
	Reason    string           `json:"reason,omitempty"`
}

func printable(f record.Finding) driftedLink {
	out := driftedLink{
		Link: f.ID, Booking: f.BookingID, Calendar: f.CalendarID, Connection: f.ConnectionID, Provider: f.Provider, State: f.State,
		Verdict: f.Verdict, Would: f.Would, Fields: f.Fields.Names(), Person: f.Person.Names(), By: f.By, Messages: f.Messages, Why: f.Why, Fault: f.Fault,
	}
	if f.Work.State != "" {
		out.Work = &driftedWork{State: f.Work.State, HeldFor: f.Work.HeldFor, NotBefore: f.Work.NotBefore, Reason: f.Work.Reason}
	}
	return out
}

func (j *driftJSON) finding(f record.Finding) error {
	before := ",\n    "
	if !j.some {
		before = "{\n  \"links\": [\n    "
	}
	j.some = true
	return j.put(before, printable(f), "    ")
}

func (j *driftJSON) end(sum driftSummary) error {
	before := "\n  ],\n  \"summary\": "
	if !j.some {
		before = "{\n  \"links\": [],\n  \"summary\": "
	}
	if err := j.put(before, sum, "  "); err != nil {
		return err
	}
	_, err := io.WriteString(j.out, "\n}\n")
	return err
}

// put writes a value after what comes before it.
func (j *driftJSON) put(before string, v any, indent string) error {
	raw, err := json.MarshalIndent(v, indent, "  ")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(j.out, "%s%s", before, raw)
	return err
}
