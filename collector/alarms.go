package collector

var alarmActive = gauge("etcd_monitor_member_alarm_active",
	"Whether the alarm is raised for the member. Told by any member that answers, with or without a quorum. A member that is not known appears by its ID.", "cluster", "member", "alarm")

var alarmFamilies = []*family{alarmActive}

func collectAlarms(s *sink, view *View) {
	v := &view.Verdict
	for i := range v.Members {
		for alarm, on := range v.Members[i].Alarms {
			s.add(alarmActive, bit(on), v.Members[i].Label, alarm)
		}
	}
	for _, a := range v.StrayAlarms {
		s.add(alarmActive, 1, v.StrayLabel(a.Member), a.Type)
	}
}
