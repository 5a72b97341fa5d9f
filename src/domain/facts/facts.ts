/**
 * What policy and people talk about, derived by the gate from plan and effect, never taken from the agent.
 * Where a fact does not apply it has its typed empty value; where it should but could not be derived it is absent (undefined).
 */
export interface Facts {
  readonly verbs: readonly string[];
  readonly resources: readonly string[];
  readonly namespaces: readonly string[];
  readonly names: readonly string[];
  readonly objectCount: number;
  /** Labels of each namespace touched; absent where they could not be read. */
  readonly namespaceLabels: Readonly<Record<string, Readonly<Record<string, string>>>> | undefined;
  readonly replicas: readonly { readonly object: string; readonly from: number; readonly to: number }[] | undefined;
  readonly touchesSecret: boolean;
  readonly takesFieldsFrom: readonly string[];
  readonly removesFields: readonly string[];
  readonly deletes: readonly string[];
  /** Objects that go with a delete, or undefined where they were not counted. */
  readonly deletedWith: number | undefined;
  readonly finalizersRemoved: readonly string[];
  readonly terminating: boolean;
  readonly execCommand: readonly string[];
  /** SHA-256 of what is sent to the program's standard input; empty: nothing is. */
  readonly stdinDigest: string;
  readonly warnings: number;
  readonly effectUnknown: boolean;
  readonly uninspectable: boolean;
}
