/**
 * A second database for Yamcs that turns event packets into Yamcs events: a container with the packet's bytes,
 * and an algorithm (JavaScript, which Yamcs runs itself) with a table of all events.
 */
import type { SeverityName } from '../../fsw/framework/model';
import type { ExportedDictionary } from '../dictionary/exported';
import { eventReader } from './eventReader';

/** How the algorithm reads one value: a primitive's name, or what an aggregate is made of. */
export type Codec =
  | string
  | readonly ['enum', string, Readonly<Record<string, string>>]
  | readonly ['array', number, Codec]
  | readonly ['struct', readonly (readonly [string, Codec])[]];

/** One event: name, level in Yamcs, format, arguments. */
export type EventRow = readonly [string, string, string, readonly (readonly [string, Codec])[]];

/** In a space packet: six bytes of header, two of descriptor, then the event's id. */
const ID_AT_BITS = 64;

/** As fprime-yamcs has it. */
const levels: Readonly<Record<SeverityName, string>> = {
  fatal: 'critical',
  'warning-high': 'distress',
  'warning-low': 'warning',
  command: 'info',
  'activity-high': 'watch',
  'activity-low': 'info',
  diagnostic: 'info',
};

/** All events by id. */
export function eventTable({ events, types }: ExportedDictionary): Record<number, EventRow> {
  const codecOf = (name: string): Codec => {
    const { kind, representation, constants = {}, element, length, members = {} } = types[name];
    switch (kind) {
      case 'enum':
        return [
          'enum',
          representation ?? 'U8',
          Object.fromEntries(Object.entries(constants).map(([key, value]) => [value, key])),
        ];
      case 'array':
        return ['array', length ?? 0, codecOf(element ?? '')];
      case 'struct':
        return ['struct', Object.entries(members).map(([key, member]) => [key, codecOf(member)])];
      case 'string':
      case 'bytes':
        return kind;
      default:
        // A narrowed namesake has a number behind its name: `U8#2`.
        return name.replace(/#\d+$/, '');
    }
  };
  return Object.fromEntries(
    events.map(({ id, name, severity, format, args }): [number, EventRow] => [
      id,
      [name, levels[severity], format, args.map((arg) => [arg.name, codecOf(arg.type)])],
    ]),
  );
}

/** XTCE 1.2 of the space system `Events`, which builds on the packets of the mission's system `root`. */
export function eventDatabase(dictionary: ExportedDictionary, root: string): string {
  const script = `var table = ${JSON.stringify(eventTable(dictionary))};\n${eventReader}`;
  return `<?xml version="1.0" encoding="UTF-8"?>
<SpaceSystem xmlns="http://www.omg.org/spec/XTCE/20180204" name="Events">
  <TelemetryMetaData>
    <ParameterTypeSet>
      <BinaryParameterType name="Bytes">
        <BinaryDataEncoding>
          <SizeInBits>
            <DynamicValue>
              <ParameterInstanceRef parameterRef="/${root}/CCSDS_Packet_Length"/>
              <LinearAdjustment slope="8" intercept="${56 - ID_AT_BITS}"/>
            </DynamicValue>
          </SizeInBits>
        </BinaryDataEncoding>
      </BinaryParameterType>
    </ParameterTypeSet>
    <ParameterSet>
      <Parameter name="Packet" parameterTypeRef="Bytes"/>
    </ParameterSet>
    <ContainerSet>
      <SequenceContainer name="EventPacket">
        <EntryList>
          <ParameterRefEntry parameterRef="Packet">
            <LocationInContainerInBits referenceLocation="containerStart">
              <FixedValue>${ID_AT_BITS}</FixedValue>
            </LocationInContainerInBits>
          </ParameterRefEntry>
        </EntryList>
        <BaseContainer containerRef="/${root}/FPrimeEvent"/>
      </SequenceContainer>
    </ContainerSet>
    <AlgorithmSet>
      <CustomAlgorithm name="Publish">
        <AlgorithmText language="JavaScript"><![CDATA[
${script.replaceAll(']]>', ']]]]><![CDATA[>')}
        ]]></AlgorithmText>
        <InputSet>
          <InputParameterInstanceRef parameterRef="Packet" inputName="packet"/>
        </InputSet>
        <TriggerSet>
          <OnParameterUpdateTrigger parameterRef="Packet"/>
        </TriggerSet>
      </CustomAlgorithm>
    </AlgorithmSet>
  </TelemetryMetaData>
</SpaceSystem>
`;
}
