import{a as o,e as r}from"./shared-37BAK6VS.js";export{r as Coatcheck,o as CoatcheckError};
