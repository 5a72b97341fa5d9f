/** What of the AWS libraries is used, in one part that is loaded when AWS is first needed. */
export { Sha256 } from '@aws-crypto/sha256-js';
export { DescribeClusterCommand, EKSClient } from '@aws-sdk/client-eks';
export { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
export { fromNodeProviderChain } from '@aws-sdk/credential-providers';
export { SignatureV4 } from '@smithy/signature-v4';
