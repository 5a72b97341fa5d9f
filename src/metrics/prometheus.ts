import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { HttpRoute } from '../domain/http-route.ts';
import type { MetricCount, MetricGauge, Metrics, MetricTime } from '../domain/metrics.ts';

const counts: Readonly<Record<MetricCount, { readonly help: string; readonly labels: readonly string[] }>> = {
  calls: { help: 'Tool calls by tool and by how they ended', labels: ['tool', 'status'] },
  decisions: { help: 'Decisions of the policy by verdict', labels: ['verdict'] },
  refused_requests: { help: 'HTTP requests that were turned away before any call', labels: ['reason'] },
};

const times: Readonly<
  Record<MetricTime, { readonly help: string; readonly labels: readonly string[]; readonly buckets: readonly number[] }>
> = {
  call_seconds: {
    help: 'From a call to its answer, waits for people included',
    labels: ['tool'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60, 300, 900],
  },
  wait_seconds: {
    help: 'How long a call waited for people',
    labels: [],
    buckets: [1, 5, 15, 30, 60, 120, 300, 600, 900],
  },
};

const gauges: Readonly<Record<MetricGauge, string>> = {
  approvals_open: 'Approvals that wait for people or for their agent',
  sessions_open: 'MCP sessions',
  audit_lag_lines: 'Audit lines that are not on disk yet',
  slack_connections: 'Socket Mode connections of this process',
  calls_in_flight: 'Requests under way',
};

export interface PrometheusMetrics extends Metrics {
  /** `/metrics` in the text format of Prometheus, for operators. */
  readonly route: HttpRoute;
}

/** Metrics as Prometheus reads them, each with the prefix `countersign_`. */
export function createPrometheusMetrics(): PrometheusMetrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, prefix: 'countersign_' });
  const registers = [registry];
  const counters = mapped(counts, (name, { help, labels }) => {
    return new Counter({ name: `countersign_${name}_total`, help, labelNames: [...labels], registers });
  });
  const histograms = mapped(times, (name, { help, labels, buckets }) => {
    const labelNames = [...labels];
    return new Histogram({ name: `countersign_${name}`, help, labelNames, buckets: [...buckets], registers });
  });
  return {
    count: (name, labels = {}) => counters[name].inc(labels),
    observe: (name, seconds, labels = {}) => histograms[name].observe(labels, seconds),
    gauge: (name, value) => {
      new Gauge({
        name: `countersign_${name}`,
        help: gauges[name],
        registers,
        async collect() {
          this.set(await value());
        },
      });
    },
    route: {
      method: 'GET',
      path: '/metrics',
      maxBytes: 0,
      operatorsOnly: true,
      handle: async (_request, _body, response) => {
        const text = await registry.metrics();
        response.writeHead(200, { 'content-type': registry.contentType }).end(text);
      },
    },
  };
}

function mapped<K extends string, V, R>(from: Readonly<Record<K, V>>, make: (name: K, value: V) => R): Record<K, R> {
  const entries = Object.entries<V>(from).map(([name, value]) => [name, make(name as K, value)] as const);
  return Object.fromEntries(entries) as Record<K, R>;
}
