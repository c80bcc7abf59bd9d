import { describe, expect, it } from 'vitest';
import { component, defineComponent, F32, instance, string, U32 } from '../../../fsw/framework';
import { deploy } from '../../../fsw/framework/deployment';
import { SimulatedClock } from '../../../fsw/framework/simulatedClock';
import { telemetryStore } from './telemetryStore';
