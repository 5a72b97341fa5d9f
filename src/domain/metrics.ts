/** Counters, gauges and times of the running program; names and help texts belong to who exposes them. No ids, no cluster data in labels. */
export interface Metrics {
  count(name: MetricCount, labels?: Readonly<Record<string, string>>): void;
  /** Seconds. */
  observe(name: MetricTime, seconds: number, labels?: Readonly<Record<string, string>>): void;
  /** Asked when somebody looks. */
  gauge(name: MetricGauge, value: () => number | Promise<number>): void;
}

export type MetricCount = 'calls' | 'decisions' | 'refused_requests';
export type MetricTime = 'call_seconds' | 'wait_seconds';
export type MetricGauge =
  | 'approvals_open'
  | 'sessions_open'
  | 'audit_lag_lines'
  | 'slack_connections'
  | 'calls_in_flight';
