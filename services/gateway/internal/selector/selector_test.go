package selector

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSelectorsAreRead(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Selector{
		"":                     nil,
		"  ":                   nil,
		"team=billing":         {{"team", In, []string{"billing"}}},
		"team == billing":      {{"team", In, []string{"billing"}}},
		"team=":                {{"team", In, []string{""}}},
		"team=R&D, north":      {{"team", In, []string{"R&D"}}, {"north", Exists, nil}},
		"team=a b":             {{"team", In, []string{"a b"}}},
		"k=a=b":                {{"k", In, []string{"a=b"}}},
		"env!=dev":             {{"env", NotIn, []string{"dev"}}},
		"env != ":              {{"env", NotIn, []string{""}}},
		"tier in (a,b)":        {{"tier", In, []string{"a", "b"}}},
		"tier in(a, b c ,)":    {{"tier", In, []string{"a", "b c", ""}}},
		"tier notin (a)":       {{"tier", NotIn, []string{"a"}}},
		"in in (in)":           {{"in", In, []string{"in"}}},
		"notin":                {{"notin", Exists, nil}},
		"!legacy , critical":   {{"legacy", Missing, nil}, {"critical", Exists, nil}},
		"! legacy":             {{"legacy", Missing, nil}},
		"a.b-c_d=1,x notin ()": {{"a.b-c_d", In, []string{"1"}}, {"x", NotIn, []string{""}}},
	} {
		got, err := Parse(text)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%q: %v %s", text, err, diff)
		}
	}
}

func TestWhatIsNoSelectorIsRefused(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		",", "a,", ",a", "a,,b", "=", "=b", "!", "!!a", "!a=b", "a b", "a in", "a in b", "a in (b", "a in b)", "a in ((b))", "a=(b)", "a in (b) c",
		"a===b", "a<b", "-a", "a-=b", "ä=b", "a/b=c", strings.Repeat("x", 64), "a in (" + strings.Repeat("b,", 50) + ")", strings.Repeat("a,", 50) + "a",
	} {
		if got, err := Parse(text); err == nil {
			t.Errorf("%q is read as %v", text, got)
		}
	}
}

func TestWhatASelectorMatches(t *testing.T) {
	t.Parallel()
	labels := map[string]string{"team": "billing", "tier": "a", "empty": ""}
	for text, want := range map[string]bool{
		"": true, "team=billing": true, "team=x": false, "team!=x": true, "team!=billing": false, "none!=x": true, "none=x": false,
		"tier in (a,b)": true, "tier in (b)": false, "tier notin (b)": true, "none notin (b)": true, "none in (b)": false,
		"team": true, "none": false, "!team": false, "!none": true, "empty=": true, "none=": false, "empty": true,
		"team=billing,tier=a": true, "team=billing,tier=b": false,
	} {
		s, err := Parse(text)
		if got := s.Matches(labels); got != want || err != nil {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"team=billing,env!=dev", "tier in (a,b),!legacy", "x notin (),y", "a=b c", "((", ",,", "a in in (b)"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := Parse(text)
		if err != nil {
			return
		}
		again, err := Parse(s.String())
		if diff := cmp.Diff(s, again); diff != "" || err != nil {
			t.Errorf("%q is %q: %v %s", text, s, err, diff)
		}
	})
}
