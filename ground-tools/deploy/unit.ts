/** The systemd unit of a board. Its name is perigee.service; it starts whatever `current` names. */
export function systemdUnit(home: string, mission: string, user: string): string {
  return `[Unit]
Description=Perigee flight software: ${mission}
After=network.target
StartLimitIntervalSec=0

[Service]
User=${user}
WorkingDirectory=${home}
ExecStart=${home}/current/start.sh
Restart=always
RestartSec=1
# start.sh strokes it for the flight software, and for as long as a start may take.
WatchdogSec=30
NotifyAccess=all
KillMode=mixed
TimeoutStopSec=15
# The real-time clock thread (SCHED_FIFO), and memory that stays in memory.
LimitRTPRIO=50
LimitMEMLOCK=infinity

[Install]
WantedBy=multi-user.target
`;
}
