package bench

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"
)

// Figure is one thing that was measured.
type Figure struct {
	Name string `json:"name"`
	// Unit is of Value and Floor: "/s", "ms", "µs", "MiB", "calls" or "SQL", exchanges with the database.
	Unit  string  `json:"unit"`
	Value float64 `json:"value"`
	// Floor is what a bare program does; 0 if there is none to compare with.
	Floor float64 `json:"floor,omitempty"`
	// Ratio is Value to Floor: the middle one of the rounds' own, where there are rounds.
	Ratio float64 `json:"ratio,omitempty"`
	// Aim is what the figure is meant to reach, in words; Met says whether it does.
	Aim string `json:"aim,omitempty"`
	Met bool   `json:"met,omitempty"`
	// Note says how it was taken.
	Note string `json:"note,omitempty"`
}

// Report is everything that was measured in one run.
type Report struct {
	// Machine, Load and Server say where: processors, the load average when the run began, and PostgreSQL with its settings that matter.
	Machine string   `json:"machine"`
	Load    string   `json:"load"`
	Server  string   `json:"server"`
	Figures []Figure `json:"figures"`
}

func (r *Report) head(server string) {
	r.Machine = fmt.Sprintf("%s %s/%s, %d processors", runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU())
	r.Load, r.Server = "unknown", server
	if raw, err := os.ReadFile("/proc/loadavg"); err == nil {
		r.Load = strings.Join(strings.Fields(string(raw))[:3], " ")
	}
}

func (r *Report) printHead(w io.Writer) {
	_, _ = fmt.Fprintf(w, "machine  %s\nload     %s\nserver   %s\n\n%-46s %12s %12s %7s  %-14s\n", r.Machine, r.Load, r.Server,
		"figure", "value", "floor", "ratio", "aim") // nobody is left to read it
}

func (r *Report) print(w io.Writer, figures []Figure) {
	for _, f := range figures {
		floor, ratio, met := "", "", ""
		if f.Floor > 0 {
			floor, ratio = number(f.Floor, f.Unit), fmt.Sprintf("%.2f", f.Ratio)
		}
		if f.Aim != "" {
			met = "missed"
			if f.Met {
				met = "met"
			}
		}
		_, _ = fmt.Fprintf(w, "%-46s %12s %12s %7s  %-14s %-7s %s\n", f.Name, number(f.Value, f.Unit), floor, ratio, f.Aim, met, f.Note)
	}
}

func (r *Report) encode(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(r)
}

func (r *Report) add(f Figure) { r.Figures = append(r.Figures, f) }

// addRate adds a figure that its floor took turns with, and whose ratio is to be at least aim.
func (r *Report) addRate(name string, values, floors []float64, aim float64, note string) {
	ratios := make([]float64, len(values))
	for i := range values {
		ratios[i] = values[i] / floors[i]
	}
	f := Figure{Name: name, Unit: "/s", Value: middle(values), Floor: middle(floors), Ratio: middle(ratios), Note: note}
	if aim > 0 {
		f.Aim, f.Met = fmt.Sprintf("ratio >= %.2f", aim), f.Ratio >= aim
	}
	r.add(f)
}

// addLatency adds the percentiles of latencies beside those of their floor. The 95th is to be below aim, unless that is 0.
func (r *Report) addLatency(name string, values, floors []time.Duration, aim time.Duration, note string) {
	for _, p := range []int{50, 95, 99} {
		f := Figure{Name: fmt.Sprintf("%s, p%d", name, p), Unit: "ms", Value: millis(percentile(values, p)), Floor: millis(percentile(floors, p))}
		f.Ratio = f.Value / f.Floor
		if p == 95 {
			f.Note = note
		}
		if p == 95 && aim > 0 {
			f.Aim, f.Met = fmt.Sprintf("< %d ms", aim.Milliseconds()), percentile(values, p) < aim
		}
		r.add(f)
	}
}

// addExchanges adds how many exchanges with the database one thing takes.
func (r *Report) addExchanges(name string, all int64, n int, floor float64) {
	each := float64(all) / float64(n)
	r.add(Figure{Name: name, Unit: "SQL", Value: each, Floor: floor, Ratio: each / floor})
}

func millis(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

func middle(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}

// percentile is the smallest value that p percent of all do not exceed.
func percentile(values []time.Duration, p int) time.Duration {
	sorted := slices.Sorted(slices.Values(values))
	const whole = 100
	return sorted[max(0, (len(sorted)*p+whole-1)/whole-1)]
}

// number writes small ones with two digits behind the point.
func number(v float64, unit string) string {
	const small = 10
	if v < small {
		return fmt.Sprintf("%.2f %s", v, unit)
	}
	return fmt.Sprintf("%.1f %s", v, unit)
}

// addCost adds what something takes, in microseconds, beside a floor that it took turns with.
func (r *Report) addCost(name string, values, floors []float64, note string) {
	ratios := make([]float64, len(values))
	for i := range values {
		ratios[i] = values[i] / floors[i]
	}
	r.add(Figure{Name: name, Unit: "µs", Value: middle(values), Floor: middle(floors), Ratio: middle(ratios), Note: note})
}
