// MLLP, minimal lower layer protocol: <VT> message <FS><CR>. https://www.hl7.org/documentcenter/public/wg/inm/mllp_transport_specification.PDF

const START = 0x0b;
const END = 0x1c;
const CR = 0x0d;
export const MAX_MESSAGE_BYTES = 1024 * 1024;

export const frame = (message: Uint8Array): Buffer => Buffer.concat([Buffer.of(START), message, Buffer.of(END, CR)]);

/** Takes bytes as they come and gives the messages that are complete; throws when what comes is no MLLP or too much. */
export const unframer = (maxBytes = MAX_MESSAGE_BYTES): ((chunk: Uint8Array) => Buffer[]) => {
  let chunks: Buffer[] = [];
  let size = 0;
  const take = (): Buffer => {
    const message = Buffer.concat(chunks);
    chunks = [];
    size = 0;
    return message;
  };
  let state: 'between' | 'inside' | 'ending' = 'between';
  return (chunk) => {
    const messages: Buffer[] = [];
    let from = 0;
    const keep = (to: number) => {
      size += to - from;
      if (size > maxBytes) throw new Error(`a message of more than ${maxBytes} bytes`);
      if (to > from) chunks.push(Buffer.from(chunk.subarray(from, to)));
    };
    for (let at = 0; at < chunk.length; at += 1) {
      const byte = chunk[at];
      if (state === 'between') {
        if (byte === START) {
          state = 'inside';
          from = at + 1;
        } else if (byte !== CR && byte !== 0x0a) throw new Error('bytes outside a frame');
      } else if (state === 'inside') {
        // Neither UTF-8 nor ISO-2022-JP nor Shift_JIS has this byte inside a character.
        if (byte === END) {
          keep(at);
          from = at + 1;
          state = 'ending';
        }
      } else {
        if (byte !== CR) throw new Error('an end of a frame without its CR');
        messages.push(take());
        state = 'between';
      }
    }
    if (state === 'inside') keep(chunk.length);
    return messages;
  };
};
