// Signature version 4, so that the raw client can speak to servers that check it, too.

import { createHash, createHmac } from 'node:crypto';

const accessKey = process.env.AWS_ACCESS_KEY_ID || 'local';
const secretKey = process.env.AWS_SECRET_ACCESS_KEY || 'local';
export const region = process.env.AWS_REGION || 'us-east-1';
export const credentials = { accessKeyId: accessKey, secretAccessKey: secretKey };

const hmac = (key, text) => createHmac('sha256', key).update(text).digest();
const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');

// The headers to add for a POST / of these bytes to this host. Without a target it is not signed.
export function sign(host, target, body, now = new Date(), { accessKeyId, secretAccessKey } = credentials) {
  const time = now.toISOString().replace(/[-:]|\.\d+/g, '');
  const day = time.slice(0, 8);
  const scope = `${day}/${region}/dynamodb/aws4_request`;
  const names = target ? 'host;x-amz-date;x-amz-target' : 'host;x-amz-date';
  const canonical = ['POST', '/', '', `host:${host}`, `x-amz-date:${time}`, ...(target ? [`x-amz-target:${target}`] : []), '',
    names, sha256(body)].join('\n');
  const toSign = ['AWS4-HMAC-SHA256', time, scope, sha256(canonical)].join('\n');
  const key = [day, region, 'dynamodb', 'aws4_request'].reduce(hmac, `AWS4${secretAccessKey}`);
  const signature = createHmac('sha256', key).update(toSign).digest('hex');
  return {
    'X-Amz-Date': time,
    Authorization: `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope}, SignedHeaders=${names}, Signature=${signature}`,
  };
}
