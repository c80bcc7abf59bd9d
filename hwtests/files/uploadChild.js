/** The board of uploadKill.test.ts: a fileUplink on real files, fed with one file, until it is killed. */
require('ts-node').register({ transpileOnly: true });
const { writeSync } = require('node:fs');
const { fileUplink } = require('../../components/comms/fileUplink/fileUplink');
const { fileStore } = require('../../components/platform/fileStore');
const { bench } = require('../../fsw/framework/testing');
const { FileUpload } = require('../../ground-tools/files/fileUpload');

const [, , folder, ...numbers] = process.argv;
const [size, limit] = numbers.map(Number);
const bytes = Uint8Array.from({ length: size }, (_, i) => (i * 31 + (i >> 8)) & 0xff);

async function fly() {
  const board = await bench(fileUplink, {
    board: { files: fileStore(folder).value },
    config: { saveBytes: 3000 },
  });
  const sender = new FileUpload({
    size,
    read: (offset, into) => into.set(bytes.subarray(offset, offset + into.length)),
    source: 'model.bin',
    destination: 'model.bin',
  });
  let told = 0;
  let packets = 0;
  for (let packet = sender.next(); packet; packet = sender.next()) {
    if (packets++ === limit) return setInterval(() => undefined, 1e6);
    board.in.fileIn({ data: packet.value, context: 0 });
    await board.advance(1e6);
    for (const event of board.events.slice(told)) {
      if (event.name === 'UploadStarted') writeSync(1, `missing ${event.args.missing}\n`);
      sender.hear(event);
    }
    told = board.events.length;
    writeSync(1, '.');
  }
  writeSync(1, board.events.at(-1).name);
}

void fly();
