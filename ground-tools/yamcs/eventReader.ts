/**
 * The algorithm that Yamcs runs for each event packet, in ECMAScript 5 as its engine takes it. In scope: `table`
 * (rows of `EventRow` by id), `packet.value` (bytes from the event's id on; a Java array has signed ones), and
 * `EventLog`. A packet that does not fit the table becomes a warning that says so.
 */
export const eventReader = String.raw`
var bytes = packet.value, at = 0;

function byte() {
  if (at >= bytes.length) throw 'the packet ends within its arguments';
  return bytes[at++] & 255;
}
function unsigned(size) {
  var value = 0;
  while (size--) value = value * 256 + byte();
  return value;
}
function signed(size) {
  var value = unsigned(size), half = Math.pow(2, 8 * size - 1);
  return value >= half ? value - 2 * half : value;
}
// Numbers hold 53 bits, so 64-bit integers are kept as decimal digits.
function decimal(isSigned) {
  var high = unsigned(4), low = unsigned(4), sign = '';
  if (isSigned && high >= 2147483648) {
    sign = '-';
    low = (4294967296 - low) % 4294967296;
    high = 4294967295 - high + (low === 0 ? 1 : 0);
  }
  var digits = '';
  do {
    var part = (high % 10) * 4294967296 + low;
    digits = String(part % 10) + digits;
    high = Math.floor(high / 10);
    low = Math.floor(part / 10);
  } while (high > 0 || low > 0);
  return sign + digits;
}
function float(exponentBits, fractionBits) {
  var head = unsigned(4), tail = fractionBits > 32 ? unsigned(4) : 0;
  var headBits = fractionBits > 32 ? fractionBits - 32 : fractionBits;
  var sign = head >= 2147483648 ? -1 : 1;
  var exponent = Math.floor(head / Math.pow(2, headBits)) % Math.pow(2, exponentBits);
  var fraction = (head % Math.pow(2, headBits)) / Math.pow(2, headBits) + tail / Math.pow(2, fractionBits);
  var top = Math.pow(2, exponentBits) - 1, bias = (top - 1) / 2;
  if (exponent === top) return fraction === 0 ? sign * Infinity : NaN;
  if (exponent === 0) return sign * fraction * Math.pow(2, 1 - bias);
  return sign * (1 + fraction) * Math.pow(2, exponent - bias);
}
function text() {
  var escaped = '', length = unsigned(2);
  while (length--) escaped += '%' + ('0' + byte().toString(16)).slice(-2);
  return decodeURIComponent(escaped);
}
function hex() {
  var digits = '', length = unsigned(2);
  while (length--) digits += ('0' + byte().toString(16)).slice(-2);
  return digits;
}
var primitives = {
  U8: function () { return unsigned(1); },
  U16: function () { return unsigned(2); },
  U32: function () { return unsigned(4); },
  U64: function () { return decimal(false); },
  I8: function () { return signed(1); },
  I16: function () { return signed(2); },
  I32: function () { return signed(4); },
  I64: function () { return decimal(true); },
  F32: function () { return float(8, 23); },
  F64: function () { return float(11, 52); },
  bool: function () { return byte() !== 0; },
  string: text,
  bytes: hex
};
function read(codec) {
  if (typeof codec === 'string') return primitives[codec]();
  var parts = [], i;
  if (codec[0] === 'enum') {
    var number = read(codec[1]);
    return codec[2][number] === undefined ? number : codec[2][number];
  }
  if (codec[0] === 'array') {
    for (i = 0; i < codec[1]; i++) parts.push(read(codec[2]));
    return '[' + parts.join(', ') + ']';
  }
  for (i = 0; i < codec[1].length; i++) parts.push(codec[1][i][0] + ': ' + read(codec[1][i][1]));
  return '{ ' + parts.join(', ') + ' }';
}
function isoTime() {
  at += 3;
  var seconds = unsigned(4), microseconds = unsigned(4);
  return new Date(seconds * 1000 + Math.floor(microseconds / 1000)).toISOString();
}

try {
  var id = unsigned(4), row = table[id];
  if (row === undefined) throw 'no event has the id ' + id + ': another dictionary?';
  var time = isoTime(), values = {};
  for (var i = 0; i < row[3].length; i++) values[row[3][i][0]] = read(row[3][i][1]);
  var message = row[2].replace(/\{(\w+)(?:\.(\d+)f)?\}/g, function (field, name, digits) {
    if (values[name] === undefined) return field;
    return digits === undefined || digits === '' ? values[name] : Number(values[name]).toFixed(Number(digits));
  });
  EventLog[row[1]]({ source: 'spacecraft', type: row[0], message: message, time: time });
} catch (why) {
  EventLog.warning({ source: 'ground', type: 'UnreadableEvent', message: String(why) });
}
`;
