/** Data that are no F´ packet and travel in space packets of an APID of their own, such as CFDP PDUs. */
import { bytes, port, U16 } from '../../fsw/framework';

/** CFDP PDUs have this APID, up and down. */
export const CFDP_APID = 10;

/** The data field of one space packet, and its APID. */
export const Pdu = port('Pdu', { data: bytes(65_535), apid: U16 });
