// As much of FastCGI as it takes to ask php-fpm for a script: a connection for each request, as nginx makes them.

import { connect } from 'node:net';

const version = 1;
const type = { begin: 1, end: 3, params: 4, input: 5, output: 6, errors: 7 };
const responder = Buffer.from([0, 1, 0, 0, 0, 0, 0, 0]);

/** Resolves with the body of the answer. */
export function request(socket, params) {
  return new Promise((resolve, reject) => {
    const connection = connect(socket);
    const received = [];
    connection.on('data', (bytes) => received.push(bytes));
    connection.on('error', reject);
    connection.on('close', () => {
      try {
        resolve(body(Buffer.concat(received)));
      } catch (error) {
        reject(error);
      }
    });
    connection.write(Buffer.concat([
      record(type.begin, responder),
      record(type.params, pairs(params)),
      record(type.params, Buffer.alloc(0)),
      record(type.input, Buffer.alloc(0)),
    ]));
  });
}

function record(kind, content) {
  const head = Buffer.from([version, kind, 0, 1, 0, 0, 0, 0]);
  head.writeUInt16BE(content.length, 4);

  return Buffer.concat([head, content]);
}

function pairs(params) {
  return Buffer.concat(Object.entries(params).flatMap(([name, value]) => {
    const lengths = Buffer.alloc(8);
    lengths.writeUInt32BE((name.length | 0x80000000) >>> 0, 0);
    lengths.writeUInt32BE((Buffer.byteLength(value) | 0x80000000) >>> 0, 4);

    return [lengths, Buffer.from(name), Buffer.from(value)];
  }));
}

function body(bytes) {
  const texts = { [type.output]: '', [type.errors]: '' };
  let isWhole = false;

  for (let at = 0; at + 8 <= bytes.length;) {
    const kind = bytes[at + 1];
    const length = bytes.readUInt16BE(at + 4);
    texts[kind] += bytes.toString('utf8', at + 8, at + 8 + length);
    isWhole ||= kind === type.end;
    at += 8 + length + bytes[at + 6];
  }
  const output = texts[type.output];

  if (!isWhole || texts[type.errors] !== '') {
    throw new Error(`php-fpm broke off: ${output}${texts[type.errors]}`);
  }

  return output.slice(output.indexOf('\r\n\r\n') + 4);
}
