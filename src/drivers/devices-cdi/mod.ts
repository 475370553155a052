/** Devices that containers ask for by name or by what they can do. */
export { DeviceRequests } from "./device-requests.ts";
