package config

import (
	"strings"
)

// key is a row of the table that everything is made of: what is accepted, the
// documentation, the flags and variables, and what check config prints.
type key struct {
	path string // from the root; "[]" after a name means each element of a list
	kind *kind
	def  string // as a flag has it
	// derived says in the documentation what the default depends on.
	derived string
	check   check
	// flag is the flag that says the same, without dashes, and gives the name of
	// the variable; etcdctl is etcdctl's variable for it.
	flag, etcdctl string
	// later names a feature that this version lacks. A key keeps its default
	// until then; in a section, that is the key enabled, and the other keys are
	// checked but mean nothing yet.
	later string
	// inert is set for those other keys.
	inert bool
	// atStart: a reload does not change what the value does.
	atStart bool
	// quiet is what true does not do in this version, though it loads.
	quiet string
	doc   string
}

const notAvailable = "is not available in this version"

// env is the variable of a key that has a flag.
func (k *key) env() string { return envOf(k.flag) }

func envOf(flag string) string {
	return "ETCD_MONITOR_" + strings.ToUpper(strings.NewReplacer("-", "_", ".", "_").Replace(flag))
}

// node is a place in the tree that the rows make.
type node struct {
	key      *key // nil for the root
	children map[string]*node
	order    []string // of the children, as in the table
}

// repeated reports whether the node is a list of sections.
func (n *node) repeated() bool { return n.key != nil && n.key.kind == kindBlocks }

// leaf reports whether the node is a value.
func (n *node) leaf() bool { return n.children == nil && n.key != nil }

var (
	// keys is the whole table, in the order of the documentation.
	keys = buildKeys()
	// root is the tree of keys.
	root = buildTree(keys)
	// byPath finds the row of a path, with "[]" for the elements of lists.
	byPath = buildIndex(keys)
)

func buildKeys() []*key {
	var all []*key
	add := func(prefix string, rows []key) {
		for _, k := range rows {
			k.path = prefix + k.path
			all = append(all, &k)
		}
	}
	add("", []key{{path: "etcd", kind: kindSection, doc: "The cluster to watch. Excludes `clusters`."}})
	add("etcd.", clusterKeys)
	add("etcd.thresholds.", ownThresholds())
	add("", []key{{path: "clusters", kind: kindBlocks, doc: "The clusters to watch, if there are several. Excludes `etcd`."}})
	add("clusters[].", withoutFlags(clusterKeys))
	add("clusters[].thresholds.", ownThresholds())
	add("", serveKeys)
	add("monitoring.thresholds.", thresholdKeys())
	add("", alertKeys)
	add("", benchmarkKeys)
	add("", laterKeys)
	inherit(all)
	return all
}

// withoutFlags is for keys that stand in the file several times: a flag could
// not say which. Names and endpoints have no default there.
func withoutFlags(rows []key) []key {
	out := make([]key, len(rows))
	for i, k := range rows {
		k.flag, k.etcdctl = "", ""
		if k.path == "name" || k.path == "endpoints" {
			k.def = ""
		}
		out[i] = k
	}
	return out
}

// inherit hands the later of a section down to its keys.
func inherit(all []*key) {
	for _, section := range all {
		if section.kind != kindSection || section.later == "" {
			continue
		}
		for _, k := range all {
			rest, below := strings.CutPrefix(k.path, section.path+".")
			switch {
			case !below:
			case rest == "enabled":
				k.later = section.later
			default:
				k.inert = true
			}
		}
	}
}

func buildTree(all []*key) *node {
	root := &node{children: map[string]*node{}}
	for _, k := range all {
		n := root
		for part := range strings.SplitSeq(k.path, ".") {
			part = strings.TrimSuffix(part, "[]")
			if n.children == nil {
				n.children = map[string]*node{}
			}
			next := n.children[part]
			if next == nil {
				next = &node{}
				n.children[part] = next
				n.order = append(n.order, part)
			}
			n = next
		}
		n.key = k
	}
	return root
}

func buildIndex(all []*key) map[string]*key {
	index := make(map[string]*key, len(all))
	for _, k := range all {
		index[k.path] = k
	}
	return index
}

// Flag is a setting as the command line has it.
type Flag struct {
	Name    string // without dashes
	Env     string // the variable that says the same
	Key     string // in the file
	Default string
	Help    string
	Switch  bool // takes no value: --name, --no-name
}

// Flags lists the flags that stand for keys of the file, in the order of the
// documentation.
func Flags() []Flag {
	var all []Flag
	for _, k := range keys {
		if k.flag != "" {
			all = append(all, Flag{
				Name: k.flag, Env: k.env(), Key: k.path, Default: k.def,
				Help: k.help(), Switch: k.kind == kindBool,
			})
		}
	}
	return all
}

// help is the documentation of a flag, which stands in no section.
func (k *key) help() string {
	text := plain(k.doc)
	if strings.HasPrefix(k.path, "monitoring.thresholds.") {
		text = "Threshold for alerts: " + text
	}
	if k.etcdctl != "" {
		text += " (Else: " + k.etcdctl + ".)"
	}
	return text
}

// plain is a line of the documentation without its markup.
func plain(doc string) string { return strings.ReplaceAll(doc, "`", "") }
