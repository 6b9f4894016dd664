/** The Dutch texts: a file of its own, which only the page of somebody who reads Dutch loads. */
export { config_panel, exceptions } from "../../custom_components/bach/translations/nl.json";
