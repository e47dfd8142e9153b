// Command keys lists the keys that Alertmanager knows in its configuration, a path
// each: what `etcd-monitor check alertmanager` takes for spelled right without
// linking Alertmanager's clients of all the services there are.
package main

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/prometheus/alertmanager/config"
)

// shared are sections that stand in many places.
var shared = []string{"http_config", "tls_config"}

func main() {
	keys := map[string]bool{}
	walk(keys, "", reflect.TypeFor[config.Config](), nil)
	var list []string
	for k := range keys {
		list = append(list, k)
	}
	slices.Sort(list)
	for _, k := range list {
		fmt.Println(k)
	}
}

// walk notes the keys of a type at path. "[]" is an element of a list, "*" any key
// of a mapping; a type within itself, as routes are, is not followed again.
func walk(keys map[string]bool, path string, t reflect.Type, within []reflect.Type) {
	switch t.Kind() {
	case reflect.Pointer:
		walk(keys, path, t.Elem(), within)
	case reflect.Slice, reflect.Array:
		walk(keys, path+"[]", t.Elem(), within)
	case reflect.Map:
		keys[path+".*"] = true
		walk(keys, path+".*", t.Elem(), within)
	case reflect.Struct:
		if slices.Contains(within, t) {
			return
		}
		for i := range t.NumField() {
			f := t.Field(i)
			name, options, _ := strings.Cut(f.Tag.Get("yaml"), ",")
			switch {
			case name == "-", !f.IsExported(), name == "" && options == "":
			case strings.Contains(options, "inline"):
				walk(keys, path, f.Type, append(within, t))
			default:
				key := strings.TrimPrefix(path+"."+name, ".")
				keys[key] = true
				if slices.Contains(shared, name) { // the same wherever it stands
					key = name
				}
				walk(keys, key, f.Type, append(within, t))
			}
		}
	}
}
