package config

import (
	"slices"
	"strings"
	"testing"
)

func TestParseEndpoints(t *testing.T) {
	for _, tt := range []struct {
		name   string
		list   []string
		secure bool
		want   []string
	}{
		{"host and port", []string{"etcd-0:2379"}, false, []string{"http://etcd-0:2379"}},
		{"host and port, with certificates", []string{"etcd-0:2379"}, true, []string{"https://etcd-0:2379"}},
		{"a scheme counts, whatever else is given", []string{"http://etcd-0:2379"}, true, []string{"http://etcd-0:2379"}},
		{"https", []string{"https://etcd-0:2379"}, false, []string{"https://etcd-0:2379"}},
		{"as on a command line", []string{"a:2379,b:2379, c:2379"}, false, []string{"http://a:2379", "http://b:2379", "http://c:2379"}},
		{"as in a file", []string{"a:2379", "b:2379"}, false, []string{"http://a:2379", "http://b:2379"}},
		{"commas too many", []string{",a:2379,,", ""}, false, []string{"http://a:2379"}},
		{"one of each", []string{"a:2379", "http://A:2379/", "HTTP://a:02379"}, false, []string{"http://a:2379"}},
		{"the same host by http and https is two", []string{"http://a:2379", "https://a:2379"}, false, []string{"http://a:2379", "https://a:2379"}},
		{"upper case", []string{"HTTPS://Etcd.Example:2379"}, false, []string{"https://etcd.example:2379"}},
		{"an underscore, as in compose", []string{"etcd_0:2379"}, false, []string{"http://etcd_0:2379"}},
		{"beyond ASCII", []string{"bücher.example:2379"}, false, []string{"http://bücher.example:2379"}},
		{"IPv4", []string{"10.0.0.1:2379"}, false, []string{"http://10.0.0.1:2379"}},
		{"IPv6", []string{"[::1]:2379"}, false, []string{"http://[::1]:2379"}},
		{"IPv6 in two spellings", []string{"[2001:DB8::1]:2379", "http://[2001:db8:0:0::1]:2379"}, false, []string{"http://[2001:db8::1]:2379"}},
		{"IPv6 with a zone", []string{"http://[fe80::1%25eth0]:2379"}, false, []string{"http://[fe80::1%25eth0]:2379"}},
		{"the first port", []string{"a:1"}, false, []string{"http://a:1"}},
		{"the last port", []string{"a:65535"}, false, []string{"http://a:65535"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := ParseEndpoints(tt.list, tt.secure)
			if err != nil || !slices.Equal(got, tt.want) {
				t.Errorf("%q gives %q, %v; want %q", tt.list, got, err, tt.want)
			}
		})
	}
}

func TestParseEndpointsRefuses(t *testing.T) {
	for _, tt := range []struct {
		name, endpoint, says string
	}{
		{"nothing", "", "no endpoint given"},
		{"commas only", " , ,", "no endpoint given"},
		{"no host", "http://", "no host"},
		{"no host, but a port", ":2379", "no host"},
		{"no port", "etcd-0", "port"},
		{"no port in a URL", "https://etcd-0", "2379"},
		{"an empty port", "etcd-0:", "port"},
		{"port 0", "etcd-0:0", "port"},
		{"a port too high", "etcd-0:65536", "port"},
		{"a port far too high", "etcd-0:99999999999999999999", "port"},
		{"a negative port", "etcd-0:-1", "is not a URL"},
		{"a port in words", "etcd-0:client", "is not a URL"},
		{"two ports", "localhost:2379:1", "localhost:2379:1"},
		{"IPv6 without brackets", "::1:2379", "::1:2379"},
		{"half a bracket", "[::1:2379", "is not a URL"},
		{"a path", "http://etcd-0:2379/v3", "only a host and a port"},
		{"a query", "http://etcd-0:2379?x=1", "only a host and a port"},
		{"a fragment", "http://etcd-0:2379#x", "only a host and a port"},
		{"a socket", "unix:///run/etcd.sock", `scheme "unix"`},
		{"another scheme", "ftp://etcd-0:2379", `scheme "ftp"`},
		{"a space within", "etcd 0:2379", "etcd 0:2379"},
		{"a control character", "etcd\x000:2379", "is not a URL"},
		{"an escape", "a%2Cb:2379", "is not a URL"},
		{"quotes", `"etcd-0":2379`, "neither a name nor an address"},
		{"a semicolon for a comma", "a:2379;b:2379", "a:2379;b:2379"},
		{"no UTF-8", "etcd\xff:2379", "neither a name nor an address"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := ParseEndpoints([]string{tt.endpoint}, false)
			if err == nil {
				t.Fatalf("%q is taken, as %q", tt.endpoint, got)
			}
			if !strings.Contains(err.Error(), tt.says) {
				t.Errorf("%q: %q does not tell %q", tt.endpoint, err, tt.says)
			}
		})
	}
}

func TestParseEndpointsTellsAllMistakes(t *testing.T) {
	_, err := ParseEndpoints([]string{"a:0,good:2379,b:70000", "ftp://c:1"}, false)
	for _, want := range []string{"a:0", "b:70000", "ftp://c:1"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not tell of %s", err, want)
		}
	}
}

// A secret that was put into an endpoint is refused and not repeated: errors go
// to logs and terminals.
func TestUserinfoIsNeverEchoed(t *testing.T) {
	for _, endpoint := range []string{
		"http://user:hunter2@etcd-0:2379",
		"user:hunter2@etcd-0:2379",
		"http://hunter2@etcd-0:2379", // a token
		"http://user:hunter2@etcd-0", // and no port
		"http://user:hunter2@",
		"http://user:hun,ter2,hunter2@etcd-0:2379",
		"http://user:hunter2,@etcd-0:2379",
		"http://user:hunter2/@etcd-0:2379",
		"http://user:hunter2#@etcd-0:2379",
		"http://user:hunter2?@etcd-0:2379",
		"http://user:1@hunter2@etcd-0:2379",
		"http://user:%zzhunter2@etcd-0:2379",
		"http:///user:hunter2@etcd-0:2379",
		"ftp://user:hunter2@etcd-0:2379",
		"good:2379,http://user:hunter2@etcd-0:2379,bad:0",
	} {
		got, err := ParseEndpoints([]string{endpoint}, false)
		if err == nil {
			t.Errorf("%q is taken, as %q", endpoint, got)
			continue
		}
		if strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "user:") {
			t.Errorf("%q: the error repeats it: %v", endpoint, err)
		}
		if !strings.Contains(err.Error(), "password do not belong in an endpoint") {
			t.Errorf("%q: the error does not say what is wrong: %v", endpoint, err)
		}
	}
}

// FuzzParseEndpoints: what is taken is canonical, and nothing before an @ is
// ever repeated.
func FuzzParseEndpoints(f *testing.F) {
	for _, seed := range []string{
		"localhost:2379", "http://a:1,https://b:2", "[::1]:2379", "http://[fe80::1%25eth0]:2379",
		"u:p@h:1", "unix:///x", "http://%41:1", "a%2Cb:1", "http://a:1/", "bücher:1", "http://a:1\x00", "[::ffff:1.2.3.4]:80",
	} {
		f.Add(seed, true)
		f.Add(seed, false)
	}
	f.Fuzz(func(t *testing.T, s string, secure bool) {
		got, err := ParseEndpoints([]string{s}, secure)
		if err != nil {
			if i := strings.LastIndex(s, "@"); i >= 0 {
				if _, other := ParseEndpoints([]string{"other:secret" + s[i:]}, secure); other == nil || other.Error() != err.Error() {
					t.Errorf("%q: the error depends on what may be secret: %v", s, err)
				}
			}
			return
		}
		again, err := ParseEndpoints(got, !secure)
		if err != nil || !slices.Equal(got, again) {
			t.Errorf("%q gives %q, and that gives %q, %v", s, got, again, err)
		}
		for _, e := range got {
			if !strings.HasPrefix(e, "http://") && !strings.HasPrefix(e, "https://") || strings.ContainsAny(e, "@?# \t\n") {
				t.Errorf("%q gives %q", s, e)
			}
		}
	})
}
