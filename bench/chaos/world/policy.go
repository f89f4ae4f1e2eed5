package world

import (
	"fmt"
	"strings"
	"time"
)

// Grace is how long an owner has to accept a lead before it moves on.
const Grace = 8 * time.Second

// MostOpen is the largest cap of all versions of the policy.
const MostOpen = 45

// Everywhere are the reps who fit every lead and stay.
func Everywhere() []string { return []string{"emil", "fay"} }

// Policy is a version of the policy, from 1 on: caps, weights and rules change from one
// to the next. It has turns in a book that two pools share, caps that fill up and come
// free, one rule that passes them, a waiting line, and clocks of seconds.
func Policy(version int) string {
	rule := ""
	if version > 1 { // asks for the new field
		rule = `- {name: campaign, when: attributes.campaign == "spring", to: [seniors, next]}`
	}
	return strings.NewReplacer(
		"VERSION", fmt.Sprint(version), "OPEN", fmt.Sprint(MostOpen-5*(version%3)), "WEIGHT", fmt.Sprint(1+version%4),
		"RULE", rule, "GRACE", fmt.Sprint(Grace),
	).Replace(policy)
}

const policy = `policy: chaos
version: "VERSION"
caps: {all: {open: OPEN}}
teams: {emea: {manager: ines}}
reps:
  ines: {level: boss}
  ana: {country: [ES, PT], level: local, team: emea, backup: dora}
  ben: {country: [US, FR], level: local, team: emea, backup: emil}
  carl: {country: [DE, AT], level: local, team: emea, backup: dora}
  dora: {country: [DE, AT, ES], level: local, weight: WEIGHT, team: emea, backup: fay}
  emil: {level: senior, team: emea, backup: fay}
  fay: {level: senior, weight: 3, team: emea, backup: emil}
  gus: {level: senior, team: emea, backup: emil}
pools:
  seniors: {who: {level: senior}}
  local: {who: {level: local}, match: [country], ledger: floor}
  floor: {who: {level: [local, senior]}, ledger: floor}
rules:
  - {name: key, when: deal_value > 97000, to: [{to: emil, even_if: [full]}, next]}
  - {name: hot, when: intent == "high" && deal_value > 60000, to: [seniors, next]}
  RULE
  - {name: local, when: country != "US", to: [local, next]}
  - {name: cold, when: intent == "low" && deal_value < 5000, to: nurture}
  - {name: floor, to: floor}
slas:
  fast: {for: true, clock: 24x7, accepted: {3s: remind, GRACE: [to_backup, tell_manager]}, contacted: {target: 20s}}
reassign: {max_owners: 3}
waiting: {first: value}
`
