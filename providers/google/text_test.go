package google

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestPlain(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"":                                       "",
		"Booked online":                          "Booked online",
		"one\ntwo":                               "one\ntwo",
		"Tom & Jerry":                            "Tom & Jerry",
		"a < b":                                  "a < b",
		"one<br>two<br/>three":                   "one\ntwo\nthree",
		"<p>one</p><p>two</p>":                   "one\ntwo\n",
		"<b>bold</b> and <i>light</i>":           "bold and light",
		"Tom &amp; Jerry &lt;both&gt;":           "Tom & Jerry <both>",
		"<ul><li>one</li><li>two</li>":           "- one\n- two\n",
		"<html-blob>text</html-blob>":            "text",
		"<style>p{color:red}</style>x":           "x",
		"<script>alert(1)</script>x":             "x",
		"<!-- note -->x":                         "x",
		`<a href="https://a.b/c">x</a>`:          "x (https://a.b/c)",
		`<a href="https://a.b">https://a.b</a>.`: "https://a.b.",
		`<a href="javascript:x()">x</a>`:         "x",
		"&nbsp;x":                                "\u00a0x",
	} {
		if got := plain(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestMarkup(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"Tom & Jerry": "Tom & Jerry", // as a person would write it: no need to change it
		"a < b":       "a < b",
		"<b>":         "&lt;b&gt;",
		"&lt;":        "&amp;lt;",
		"&copy":       "&amp;copy",
		"one\r\ntwo":  "one\ntwo",
	} {
		if got := markup(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

// TestTextRoundTrip checks that any text comes back as it was written, but for the form of its line ends.
func TestTextRoundTrip(t *testing.T) {
	t.Parallel()
	piece := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{
		"<b>", "</p>", "&amp;", "&", "<", ">", "\r\n", "\r", "\n", "<!--", "-->", "<script>", "<title>", "&#65;", "&#x0;", "<a href=x>", "\x00", "]]>", "<?", "&lt",
	}))
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOf(piece).Draw(t, "text"), "")
		want := strings.NewReplacer("\r\n", "\n", "\r", "\n", "\x00", "").Replace(text)
		if got := plain(markup(text)); got != want {
			t.Fatalf("%q was stored as %q and came back as %q", text, markup(text), got)
		}
	})
}
