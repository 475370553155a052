import { randomInt } from "node:crypto";

const ADJECTIVES =
  "able agile amber brave bright calm candid clever cosmic crisp daring deft eager earnest fair fluent frank gentle glad golden handy hardy honest humble jolly keen kind lively loyal lucid mellow merry mighty modest neat nimble noble patient placid plucky polite prompt proud quick quiet ready rugged serene sharp silent sleek smart snug sober solid steady sunny swift tidy trusty upbeat vivid warm wise witty zesty".split(
    " ",
  );
const THINGS =
  "anchor anvil arbor aspen barge basin beacon birch bridge brook buoy cabin canal canoe cedar cliff cove crane creek delta derrick dock dune ferry fjord forge gable galley garnet glade gorge harbor hawser heron hull island jetty kayak keel lagoon lantern ledge locker loft maple mast meadow mill moor oak otter paddle pier pine pulley quay raft reef ridge rigger river rudder sail schooner shore sloop spar spruce summit tide tiller trawler truss valley wharf willow winch yard".split(
    " ",
  );

/** A name nobody chose, such as `calm_harbor`; from the third try on with a digit behind it, as docker does. */
export function randomName(attempt: number): string {
  const name = `${ADJECTIVES[randomInt(ADJECTIVES.length)]}_${THINGS[randomInt(THINGS.length)]}`;
  return attempt < 3 ? name : `${name}${randomInt(10)}`;
}

/** Whether a user may call a container so. */
export function isValidName(name: string): boolean {
  return /^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/.test(name);
}
