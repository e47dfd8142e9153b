// Package cluster holds the words of the product (member, voter, learner,
// quorum, claim) and its judgement.
//
// An [Observation] is what one round of questions to the endpoints of one
// logical etcd cluster brought back: facts, durations and failures, nothing
// concluded. [Judge] turns it into a [Verdict] and is a pure function: no
// clock, no context, no logger, no I/O. Whatever can be argued about (is there
// a quorum, is this a split brain, is that member partitioned) is argued here
// and nowhere else, so that /metrics, the API and the status page cannot
// disagree.
//
// Three rules hold throughout:
//
//   - A value that was not measured is not known: it is an [Opt] without a
//     value, never zero and never the value of an earlier round.
//   - Leadership counts only when it is confirmed by a linearizable read. What
//     a member says about its leader in Status is a view: a deposed leader
//     claims to lead for up to three seconds, a learner for longer.
//   - Members are counted, not endpoints, and voters come from the member
//     list, never from the number of addresses somebody configured.
package cluster
