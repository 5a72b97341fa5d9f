/**
 * Values that stand everywhere and tell nothing. A Secret often holds them beside what is secret (`host: localhost`); looked for
 * in text they would mask half of it. They are masked where structure says that they are a value, as shorter ones are.
 */
const common: ReadonlySet<string> = new Set(
  `localhost localhost.localdomain 127.0.0.1 0.0.0.0:80 0.0.0.0:8080 localhost:80 localhost:443 localhost:3306 localhost:5432
  localhost:6379 localhost:8080 http://localhost https://localhost http://localhost:8080
  password username user-name database postgres postgresql mongodb+srv rabbitmq elasticsearch
  production development staging integration testing environment
  enabled disabled required optional undefined anonymous administrator root@localhost admin@example.com
  true-false default-token kubernetes kubernetes.default kubernetes.default.svc kubernetes.default.svc.cluster.local
  kube-system kube-public kube-node-lease cluster.local cert-manager
  eu-west-1 eu-west-2 eu-west-3 eu-central-1 eu-north-1 us-east-1 us-east-2 us-west-1 us-west-2 us-gov-west-1
  ap-south-1 ap-southeast-1 ap-southeast-2 ap-northeast-1 ap-northeast-2 sa-east-1 ca-central-1 us-central1 europe-west1
  application application/json text/plain text/html
  verify-full verify-ca sslmode=require sslmode=disable
  00000000 0000000000000000 00000000-0000-0000-0000-000000000000`.split(/\s+/),
);

/** Shorter values are in too many words. */
const minBytes = 8;

/** Whether a value is looked for in text; if not, it is masked by structure only. */
export const isLookedFor = (value: string): boolean =>
  Buffer.byteLength(value) >= minBytes && !common.has(value.toLowerCase());
