package reconcile

import (
	"html"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestSameText(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a ", reducible)
	for _, c := range []struct {
		name, shown, sent string
		want              bool
	}{
		{"equal", "Booked online", "Booked online", true},
		{"a body of Outlook's", "<html><head></head><body>\r\n<div>Booked&nbsp;online<br>Room 4</div>\r\n</body></html>", "Booked online\nRoom 4", true},
		{"letters and blanks", " BOOKED \t online\n", "Booked online", true},
		{"emphasis within a word", "<b>Bo</b>oked", "Booked", true},
		{"lines", "<p>one</p><p>two</p>", "one\ntwo", true},
		{"escaped", "1 &lt; 2 &amp;&amp; 3 &gt; 2", "1 < 2 && 3 > 2", true},
		{"escaped markup", "<p>&lt;b&gt;bold&lt;/b&gt;</p>", "<b>bold</b>", true},
		{"a cleared text", "<p></p>", "", true},
		{"a link that was made of an address", `see <a href="https://x.example/1">https://x.example/1</a>`, "see https://x.example/1", true},

		{"a word more", "<p>Booked online, bring a pen</p>", "Booked online", false},
		{"a word less", "<p>Booked</p>", "Booked online", false},
		{"nothing left", "<p></p>", "Booked online", false},
		{"another address", "see <https://x.example/2>", "see <https://x.example/1>", false},
		{"another address behind the same words", `<a href="https://x.example/2">here</a>`, `<a href="https://x.example/1">here</a>`, false},
		{"an address behind the words", `<a href="https://x.example/2">here</a>`, "here", false},
		{"between brackets that are no tags", "1 < 2, 5 > 4", "1 < 2, 3 > 4", false},
		{"a name in brackets", "<carol>", "<bob>", false},
		{"too long to look into", "<p>" + long + "</p>", long, false},
		{"long and equal", long, long, true},
	} {
		if got := sameText(c.shown, c.sent); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

// TestRewrittenTextIsTheSame rewrites texts as providers do.
func TestRewrittenTextIsTheSame(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.SliceOf(rapid.OneOf(
			rapid.StringOf(rapid.RuneFrom([]rune("abcABC123äßŁıſ.,:;-'\"/_"))), rapid.SampledFrom([]string{"<", ">", "&", "<b>", "<https://x.example/1>", "&lt;"}),
		)).Draw(t, "words")
		sent := strings.Join(words, " ")
		rewrite := rapid.SampledFrom([]func(string) string{
			func(s string) string { return "<html><body><p>" + html.EscapeString(s) + "</p></body></html>" },
			func(s string) string {
				return "<DIV class=\"x\">" + strings.ReplaceAll(html.EscapeString(s), " ", "&nbsp;\r\n ") + "</DIV>"
			},
			func(s string) string { return "<p>" + strings.ReplaceAll(html.EscapeString(s), " ", "<br/>") + "</p>" },
			func(s string) string { return s + "\r\n" },
		}).Draw(t, "rewrite")
		if shown := rewrite(sent); !sameText(shown, sent) {
			t.Errorf("%q reads %q, and %q %q", sent, reduced(sent), shown, reduced(shown))
		}
		more := slices.Insert(slices.Clone(words), rapid.IntRange(0, len(words)).Draw(t, "at"), "typed")
		if shown := rewrite(strings.Join(more, " ")); sameText(shown, sent) {
			t.Errorf("%q is taken for %q", shown, sent)
		}
	})
}

// FuzzReduced holds the reduction to what a comparison needs, whatever it is given.
func FuzzReduced(f *testing.F) {
	for _, s := range []string{"", "a", "<p>a</p>", "<<<<p>>>>", "&amp;lt;p&amp;gt;", "<a href=", "<a href='x'>x</a>", "\xff<b>\x00"} {
		f.Add(s, s+"x")
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		if !sameText(a, a) || sameText(a, b) != sameText(b, a) {
			t.Errorf("%q and %q", a, b)
		}
		if r := reduced(a); len(r) > 3*len(a) || strings.Join(strings.Fields(r), " ") != r {
			t.Errorf("%q becomes %q", a, r)
		}
	})
}

func BenchmarkReduced(b *testing.B) {
	for name, unit := range map[string]string{"open": "<", "closed": ">", "tags": "<p>", "entities": "&amp;", "links": "<a href=", "text": "word "} {
		s := strings.Repeat(unit, reducible/len(unit))
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				reduced(s)
			}
		})
	}
}
