package rules

import "go.yaml.in/yaml/v4"

// get is the value of a key of a mapping, nil if there is none. An alias is
// followed.
func get(n *yaml.Node, key string) *yaml.Node {
	if n = follow(n); n == nil || n.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return follow(n.Content[i+1])
		}
	}
	return nil
}

// follow is what an alias stands for.
func follow(n *yaml.Node) *yaml.Node {
	if n != nil && n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

// items are the elements of a list.
func items(n *yaml.Node) []*yaml.Node {
	if n = follow(n); n == nil || n.Kind != yaml.SequenceNode {
		return nil
	}
	list := make([]*yaml.Node, len(n.Content))
	for i, e := range n.Content {
		list[i] = follow(e)
	}
	return list
}

// text is a scalar of a mapping, "" if there is none.
func text(n *yaml.Node, key string) string {
	if v := get(n, key); v != nil && v.Kind == yaml.ScalarNode {
		return v.Value
	}
	return ""
}

// set gives a key of a mapping a value, a text unless it is a node.
func set(n *yaml.Node, key string, value any) {
	v, ok := value.(*yaml.Node)
	if !ok {
		v = scalar(value)
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			v.LineComment = n.Content[i+1].LineComment
			n.Content[i+1] = v
			return
		}
	}
	n.Content = append(n.Content, scalar(key), v)
}

// scalar is a text, or a boolean.
func scalar(value any) *yaml.Node {
	n := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str"}
	switch v := value.(type) {
	case bool:
		n.Tag, n.Value = "!!bool", map[bool]string{false: "false", true: "true"}[v]
	case string:
		n.Value = v
	}
	return n
}

// drop takes keys out of a mapping.
func drop(n *yaml.Node, keys ...string) {
	for _, key := range keys {
		for i := 0; i+1 < len(n.Content); i += 2 {
			if n.Content[i].Value == key {
				n.Content = append(n.Content[:i], n.Content[i+2:]...)
				break
			}
		}
	}
}

// list is a list of texts in one line.
func list(values ...string) *yaml.Node {
	n := &yaml.Node{Kind: yaml.SequenceNode, Style: yaml.FlowStyle}
	for _, v := range values {
		n.Content = append(n.Content, scalar(v))
	}
	return n
}

// mapping is one of texts and booleans, given as key, value, key, value.
func mapping(pairs ...any) *yaml.Node {
	n := &yaml.Node{Kind: yaml.MappingNode}
	for i := 0; i+1 < len(pairs); i += 2 {
		set(n, pairs[i].(string), pairs[i+1])
	}
	return n
}

// clone is a copy of a node and of all below it that can be changed.
func clone(n *yaml.Node) *yaml.Node {
	c := *n
	c.Content = make([]*yaml.Node, len(n.Content))
	for i, e := range n.Content {
		c.Content[i] = clone(e)
	}
	return &c
}
